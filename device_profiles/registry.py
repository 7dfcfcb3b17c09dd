"""Every device profile, found by walking `devices/`; nothing is listed by hand."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Final

from device_profiles import devices
from device_profiles.gatt import Uuid
from device_profiles.profile import Profile


def _walk() -> Mapping[str, Profile]:
    found: dict[str, Profile] = {}
    for module in iter_modules(devices.__path__):
        profile = import_module(f"{devices.__name__}.{module.name}").PROFILE
        if profile.key != module.name:
            raise RuntimeError(f"devices/{module.name}.py declares the key {profile.key}")
        found[profile.key] = profile
    return MappingProxyType(found)


PROFILES: Final[Mapping[str, Profile]] = _walk()


def profile_for(services: Iterable[Uuid], name: str | None) -> Profile | None:
    """Return the profile that fits an advertisement best: a longer name prefix wins."""
    advertised = {service.lower() for service in services}
    fitting = [
        profile
        for profile in PROFILES.values()
        if profile.match.service in advertised
        and (name or "").startswith(profile.match.name_prefix)
    ]
    return max(fitting, key=lambda profile: len(profile.match.name_prefix), default=None)
