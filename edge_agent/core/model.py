"""What a device says of itself, and whether that contradicts the profile that the owner chose."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from device_profiles.gatt import Uuid
from device_profiles.registry import Models

# A model's name is short; what is longer or cannot be printed is no name to show to people.
LONGEST: Final = 64


@dataclass(frozen=True, slots=True)
class Model:
    """Of Device Information (0x180A). The serial number is never asked for."""

    manufacturer: str | None = None
    model: str | None = None
    firmware: str | None = None


def shown(text: str) -> str | None:
    """Return what can be shown of a name that a device told."""
    return "".join(filter(str.isprintable, text)).strip()[:LONGEST] or None


def contradicts(own: str, models: Models, services: Sequence[Uuid], told: Model) -> str | None:
    """Return the profile that the model's name asks for, where `own` is not made for it.

    Only the model decides: an advertised name or a service is no more certain than the owner.
    """
    if told.model is None:
        return None
    named = models.keys(services, told.manufacturer, told.model)
    return None if not named or own in named else named[0]
