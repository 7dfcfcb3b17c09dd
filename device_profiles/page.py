"""Writes docs/devices.md from the registry: `python -m device_profiles.page > docs/devices.md`."""

from collections.abc import Iterator
from typing import Final

from device_profiles.about import Evidence, Pairing
from device_profiles.gatt import BASE
from device_profiles.profile import Advertised, Profile
from device_profiles.registry import PROFILES

INTRODUCTION: Final = """\
# Supported devices

Written by `python -m device_profiles.page > docs/devices.md` from `device_profiles/devices/`; a
test compares the two. Do not edit it. To add one: [how-to/add-a-device.md](how-to/add-a-device.md).

A device is recognised by the model in its Device Information, then by the name that it advertises,
then by its service. `hearthline-gateway hub pair` takes the key.

**Evidence.** _Seen_: the profile reads octets that the owner of a real device published.
**From documentation, not yet seen on hardware**: the octets of its test were written by hand after
a public description. Whoever has such a device can change that with one recording.

Nothing here was tested on real radio by this project.

Two files in the hub's folder hold what a device shows once: `passkeys.toml` its 6-digit number, as
`"AA:BB:CC:DD:EE:FF" = "123456"`, and `consents.toml` the users of a scale with their PINs, as
`"AA:BB:CC:DD:EE:FF" = { 1 = 1234 }`.

A stream is no row of readings: an oximeter gives one reading when the finger leaves, or each minute
of a finger that stays. Its numbers are medians of the last eight seconds, and always numbers that
the device showed.
"""
_EVIDENCE: Final = {
    Evidence.CAPTURE: "Seen: octets of a real device, published by its owner.",
    Evidence.DOCUMENTATION: "**From documentation, not yet seen on hardware.**",
}
_PAIRING: Final = {
    Pairing.NONE: "none",
    Pairing.BOND: "once, without a number",
    Pairing.PASSKEY: "with the device's 6-digit number, in `passkeys.toml`",
}


def page() -> str:
    """Return the whole page."""
    models = sorted(filter(_is_model, PROFILES.values()), key=lambda one: one.about.maker.lower())
    parts = [INTRODUCTION, *_overview(models), "## Any device of a Bluetooth service\n"]
    parts += [*_standard(), "\n## Model by model\n", *map(_section, models)]
    return "\n".join(parts).rstrip() + "\n"


def _is_model(profile: Profile) -> bool:
    return profile.about.evidence is not Evidence.STANDARD


def _overview(models: list[Profile]) -> Iterator[str]:
    yield "## Models\n"
    yield "| maker | models | what it is | key | evidence |\n|---|---|---|---|---|"
    for profile in models:
        about = profile.about
        seen = "seen" if about.evidence is Evidence.CAPTURE else str(about.evidence)
        cells = (about.maker, about.models, profile.name.lower(), f"`{profile.key}`", seen)
        yield f"| {' | '.join(cells)} |"
    yield ""


def _standard() -> Iterator[str]:
    yield "| what it is | key | service |\n|---|---|---|"
    for profile in PROFILES.values():
        if not _is_model(profile):
            yield f"| {profile.name.lower()} | `{profile.key}` | {_uuid(profile.match.service)} |"


def _section(profile: Profile) -> str:
    about = profile.about
    lines = [
        f"### {about.maker}: {about.models}\n",
        f"- Key: `{profile.key}`, {profile.name.lower()}",
    ]
    lines.append(f"- {_EVIDENCE[about.evidence]}")
    lines.append(f"- Recognised by {'; or '.join(map(_match, profile.matches))}")
    if about.pairing in _PAIRING:
        lines.append(f"- Pairing: {_PAIRING[about.pairing]}")
    lines += [f"- {note}" for note in about.notes]
    if about.missing:
        lines.append(f"- Not read: {about.missing}.")
    return "\n".join(lines) + "\n"


def _match(match: Advertised) -> str:
    told = [f"service {_uuid(match.service)}"]
    if match.name_prefix:
        told.append(f"name `{match.name_prefix}...`")
    if match.model and match.model != ".*":
        told.append(f"model `{match.model.replace('|', '&#124;')}`")
    if match.manufacturer:
        told.append(f"manufacturer `{match.manufacturer}`")
    return ", ".join(told)


def _uuid(uuid: str) -> str:
    return f"`{uuid[4:8].upper()}`" if uuid.endswith(BASE) else f"`{uuid}`"


if __name__ == "__main__":
    print(page(), end="")
