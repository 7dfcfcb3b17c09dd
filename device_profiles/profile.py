"""A Profile: what a device model says and how to read it. One file in `devices/` declares one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from device_profiles.about import About
from device_profiles.errors import DecodeError
from device_profiles.gatt import INDICATED, Uuid
from device_profiles.reading import DeviceTime, Indication, Reading
from device_profiles.talk import Owner, Talk, silent

Group = tuple[Indication, ...]  # the indications that make one reading, the measurement first
Read = Callable[[Group], tuple[Reading, ...]]


@dataclass(frozen=True, slots=True)
class Advertised:
    """What a device must show for a profile to fit: its service and, where stated, who it is.

    `name_prefix` begins the advertised name. `manufacturer` begins, and `model`, a regular
    expression, is the whole of what Device Information says. All in any case of letters.
    """

    service: Uuid
    name_prefix: str = ""
    manufacturer: str = ""
    model: str = ""


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


class Sieve(Protocol):
    """Drops what holds no measurement: an acknowledgement, a curve, a value told again at once.

    It is asked about notifications only; what is indicated is always kept (docs/adr/0013).
    """

    def keeps(self, indication: Indication) -> bool:
        """Say whether this indication is kept and read."""


class KeepAll:
    """Everything is kept."""

    def keeps(self, indication: Indication) -> bool:  # noqa: ARG002
        """Say yes."""
        return True


class Told(Protocol):
    """What a clock said."""

    @property
    def timestamp(self) -> DeviceTime:
        """Return the wall time."""


class ClockForm(Protocol):
    """How a device's clock is written in octets; a codec module is one."""

    def decode(self, octets: bytes) -> Told:
        """Read the clock."""

    def encode(self, local: datetime) -> bytes:
        """Return the octets that set it."""


class SessionForm(Protocol):
    """How a device counts that has no clock: minutes since its session began. A codec module."""

    @property
    def START(self) -> Uuid:  # noqa: N802 - a module's constant
        """Return the characteristic that tells, and takes, the start."""

    @property
    def COUNT(self) -> Uuid:  # noqa: N802
        """Return the characteristic that tells how long ago that was."""

    def is_set(self, start: bytes) -> bool:
        """Say whether the device knows the start."""

    def setting(self, start: bytes, local: datetime) -> bytes:
        """Return the octets that tell it the time, from which it counts back."""

    def count(self, octets: bytes) -> int:
        """Return the minutes since the start."""

    def shown(self, start: bytes, minutes: int, local: datetime) -> DeviceTime | None:
        """Return what it thinks that the time is."""


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
    """The characteristic that tells, and takes, the time."""
    records: Uuid | None = None
    """The Record Access Control Point, where stored records are pulled."""
    assemble: Callable[[], Assembly] = field(default=EachAlone)
    reads_rest: bool = False
    """True where what the hang-up leaves incomplete is a reading: the end of a stream."""
    also: tuple[Advertised, ...] = ()
    """Other ways in which the same model shows itself."""
    clock_form: ClockForm | None = None
    """Where the clock is neither Current Time nor Date Time."""
    session: SessionForm | None = None
    """Where it counts from a start instead: read first, and put behind every group to be read."""
    clock_told: Callable[[Indication], DeviceTime | None] | None = None
    """What an answer to `talk` says of the clock, where no characteristic can be read."""
    sets_clock: bool = True
    """False for a device that must keep the time it has."""
    talk: Callable[[Owner], Talk] = field(default=silent)
    """What the hub says to a device that does not speak unasked."""
    answers: tuple[Uuid, ...] = ()
    """Characteristics that only answer what the hub says; heard by `talk`, never kept."""
    sieve: Callable[[], Sieve] = field(default=KeepAll)
    about: About = field(default=About())
    """For the page of supported devices."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "read", MappingProxyType(dict(self.read)))
        if self.sieve is not KeepAll and not INDICATED.isdisjoint(self.subscribe):
            raise ValueError(f"{self.key}: a sieve may drop nothing that is indicated")

    @property
    def matches(self) -> tuple[Advertised, ...]:
        """Return every way in which the model shows itself."""
        return (self.match, *self.also)

    def readings(self, group: Group) -> tuple[Reading, ...]:
        """Read one group. Raises DecodeError, with a reason that holds no health value."""
        read = self.read.get(group[0].uuid)
        if read is None:
            raise DecodeError(f"profile {self.key} reads nothing from {group[0].uuid}")
        return read(group)
