"""Every device profile, found by walking `devices/`; nothing is listed by hand."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from device_profiles import devices
from device_profiles.gatt import Uuid
from device_profiles.profile import Advertised, Profile

MODEL, NAME, SERVICE = 3, 2, 1  # how well a profile fits: the first is the surest


class _Profiles(Mapping[str, Profile]):
    """Profiles by key. A hub with three devices loads three files, not all."""

    def __init__(self) -> None:
        self._keys = [module.name for module in iter_modules(devices.__path__)]

    def __getitem__(self, key: str) -> Profile:
        if key not in self._keys:
            raise KeyError(key)
        profile: Profile = import_module(f"{devices.__name__}.{key}").PROFILE
        if profile.key != key:
            raise RuntimeError(f"devices/{key}.py declares the key {profile.key}")
        return profile

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


PROFILES: Final[Mapping[str, Profile]] = _Profiles()


def profile_for(
    services: Iterable[Uuid],
    name: str | None,
    manufacturer: str | None = None,
    model: str | None = None,
) -> Profile | None:
    """Return the profile that fits what a device shows of itself.

    Its Device Information model decides first, then the advertised name, of which a longer
    prefix wins, and at last the service alone.
    """
    shown = {service.lower() for service in services}
    fits = [
        (rank, profile)
        for profile in PROFILES.values()
        for match in profile.matches
        if match.service in shown and (rank := _rank(match, name, manufacturer, model))
    ]
    return max(fits, key=lambda fit: fit[0], default=(None, None))[1]


class Models:
    """Which profile is made for which model. It keeps no profile: a hub has no room for all."""

    def __init__(self) -> None:
        before = set(sys.modules)
        self._shown = [(one.key, match) for one in PROFILES.values() for match in one.matches]
        for name in [name for name in sys.modules if name not in before]:
            package, _, module = name.rpartition(".")
            if package.partition(".")[0] == "device_profiles":
                del sys.modules[name]
                if package in sys.modules:
                    delattr(sys.modules[package], module)

    def keys(self, services: Iterable[Uuid], manufacturer: str | None, model: str) -> Sequence[str]:
        """Return the profiles made for what Device Information tells, the surest first."""
        shown = {service.lower() for service in services}
        fits = [
            (rank, key)
            for key, match in self._shown
            if match.service in shown and (rank := _rank(match, None, manufacturer, model))
        ]
        return [key for rank, key in sorted(fits, reverse=True) if rank[0] == MODEL]


def _rank(
    match: Advertised, name: str | None, manufacturer: str | None, model: str | None
) -> tuple[int, int] | None:
    """Return how well a match fits; None where it does not."""
    maker = (manufacturer or "").strip().lower().startswith(match.manufacturer.lower())
    known = (model or "").strip()
    if match.model and known and maker and re.fullmatch(match.model, known, re.IGNORECASE):
        return MODEL, len(match.model)
    prefix = match.name_prefix.lower()
    if prefix and (name or "").lower().startswith(prefix):
        return NAME, len(prefix)
    return None if prefix or match.model else (SERVICE, 0)
