"""HOME.json: the devices of one simulated home and what they will measure, checked strictly."""

from collections import Counter
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, ValidationError, model_validator

from simulators.peripherals.any import KINDS
from simulators.peripherals.spec import DeviceSpec, Strict

if TYPE_CHECKING:
    Spec: TypeAlias = DeviceSpec
else:
    # Any kind there is; each says by its own `kind` which it is.
    Spec = Annotated[
        reduce(or_, (kind.spec for kind in KINDS.values())), Field(discriminator="kind")
    ]


class HomeFileBroken(Exception):
    """The home file cannot be used; the text says where and why, in one line."""


def known_zone(name: str) -> str:
    """Return the name of a time zone. Raises ValueError."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name} is no time zone; write it like Europe/Berlin") from None
    return name


class Bluetooth(Strict):
    """How the hub's own Bluetooth acts, in seconds after the start.

    `silent_at_s`: from then on the adapter hears no advertisement, without an error, until it is
    powered off and on. `restart_at_s`: bluetoothd ends and comes back after `restart_s`; bonds
    stay.
    """

    silent_at_s: tuple[Annotated[float, Field(ge=0)], ...] = ()
    restart_at_s: tuple[Annotated[float, Field(ge=0)], ...] = ()
    restart_s: float = Field(default=0.5, ge=0)


class HomeFile(Strict):
    """One home: one process, one bus."""

    seed: int
    zone: Annotated[str, AfterValidator(known_zone)] = "UTC"
    bluetooth: Bluetooth = Bluetooth()
    devices: tuple[Spec, ...]

    @model_validator(mode="after")
    def _addresses_differ(self) -> Self:
        often = Counter(device.address for device in self.devices).most_common(1)
        if often and often[0][1] > 1:
            raise ValueError(f"the address {often[0][0]} is used more than once")
        return self

    @property
    def timezone(self) -> ZoneInfo:
        """Return the home's zone."""
        return ZoneInfo(self.zone)


def load(path: Path) -> HomeFile:
    """Read a home file, or raise HomeFileBroken."""
    try:
        return HomeFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise HomeFileBroken(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        raise HomeFileBroken(f"{path}: {_first_fault(error)}") from error


def _first_fault(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    more = error.error_count() - 1
    rest = f" (and {more} more)" if more else ""
    return f"{where}: {first['msg']}{rest}" if where else f"{first['msg']}{rest}"
