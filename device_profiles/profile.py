"""A Profile: what a device model says and how to read it. One file in `devices/` declares one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from device_profiles.errors import DecodeError
from device_profiles.gatt import Uuid
from device_profiles.reading import Indication, Reading

Group = tuple[Indication, ...]  # the indications that make one reading, the measurement first
Read = Callable[[Group], tuple[Reading, ...]]


@dataclass(frozen=True, slots=True)
class Advertised:
    """What an advertisement must show for a profile to fit."""

    service: Uuid
    name_prefix: str = ""


class Assembly(Protocol):
    """Joins the indications of one session into groups that can be read."""

    def add(self, indication: Indication) -> Sequence[Group]:
        """Take one indication; return the groups that it completes."""

    def rest(self) -> Sequence[Group]:
        """Return what the end of the session leaves incomplete."""


class EachAlone:
    """Every indication is a reading of its own."""

    def add(self, indication: Indication) -> Sequence[Group]:
        """Return the indication as a complete group."""
        return ((indication,),)

    def rest(self) -> Sequence[Group]:
        """Return nothing: nothing waits."""
        return ()


@dataclass(frozen=True, slots=True)
class Profile:
    """A device model: how it is recognised, what to subscribe, how its octets are read."""

    key: str
    name: str
    match: Advertised
    read: Mapping[Uuid, Read]
    """By the UUID of the group's first indication."""
    subscribe: tuple[Uuid, ...]
    """All characteristics that carry measurements; subscribed before anything is read."""
    clock: Uuid | None = None
    """The characteristic that tells, and takes, the time: Current Time or Date Time."""
    records: Uuid | None = None
    """The Record Access Control Point, where stored records are pulled."""
    assemble: Callable[[], Assembly] = field(default=EachAlone)

    def __post_init__(self) -> None:
        object.__setattr__(self, "read", MappingProxyType(dict(self.read)))

    def readings(self, group: Group) -> tuple[Reading, ...]:
        """Read one group. Raises DecodeError, with a reason that holds no health value."""
        read = self.read.get(group[0].uuid)
        if read is None:
            raise DecodeError(f"profile {self.key} reads nothing from {group[0].uuid}")
        return read(group)
