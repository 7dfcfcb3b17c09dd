"""SCENARIO.yaml: who lives where with which devices, what happens when, what is expected."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal, Self, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from simulators.home_file import known_zone
from simulators.peripherals.any import KINDS
from simulators.peripherals.spec import Behaviour, Strict
from simulators.scenarios.expectations.any import ANY as ANY_EXPECTATION
from simulators.scenarios.expectations.expectation import Expectation
from simulators.scenarios.faults import FAULTS
from simulators.scenarios.spans import Forward, Span

Word = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
PersonName = Annotated[str, Field(min_length=1, max_length=80)]


def _a_kind(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"there is no device {kind}; there are {', '.join(sorted(KINDS))}")
    return kind


def _a_fault(fault: str) -> str:
    if fault not in FAULTS:
        raise ValueError(f"there is no fault {fault}; there are {', '.join(sorted(FAULTS))}")
    return fault


class Device(Strict):
    """A device of a home. `switches` say how it acts; HOME.json tells what each does.

    `person` measures with it, or one person for each of its user slots in `users`. A home with one
    person needs neither.
    """

    name: Word
    kind: Annotated[str, AfterValidator(_a_kind), Field(json_schema_extra={"enum": sorted(KINDS)})]
    person: PersonName | None = None
    users: dict[Annotated[int, Field(ge=0, le=255)], PersonName] = Field(default_factory=dict)
    clock_error: Span = timedelta()
    pin: Annotated[str, Field(pattern=r"^\d{6}$")] | None = None
    battery: Annotated[int, Field(ge=0, le=100)] = 100
    switches: Behaviour = Behaviour()
    more: dict[str, Any] = Field(default_factory=dict)
    """What only this kind of device has in HOME.json, as `first_sequence` of a glucometer."""


class Hub(Strict):
    """How a home's hub is set up. `clock: unknown`: it has none of its own, and nobody has told it
    the time yet. The others are its settings of the same names, in docs/how-to/install-a-hub.md.
    """

    clock: Literal["right", "unknown"] = "right"
    quiet: Forward | None = None
    call: Forward | None = None
    silent: Forward | None = None


class Home(Strict):
    """A home with a hub, or `count` equal ones, called name-1, name-2 and so on."""

    name: Word = "home"
    zone: Annotated[str, AfterValidator(known_zone)] = "UTC"
    people: Annotated[tuple[PersonName, ...], Field(min_length=1)]
    devices: Annotated[tuple[Device, ...], Field(min_length=1)]
    count: Annotated[int, Field(ge=1, le=50)] = 1
    hub: Hub = Hub()

    @model_validator(mode="after")
    def _everybody_is_there(self) -> Self:
        for device in self.devices:
            for person in (device.person, *device.users.values()):
                if person is not None and person not in self.people:
                    raise ValueError(f"{person} does not live here; {', '.join(self.people)} do")
            if len(self.people) > 1 and device.person is None and not device.users:
                raise ValueError(f"say whose the {device.name} is: person, or users by slot")
        return self

    @property
    def timezone(self) -> ZoneInfo:
        """Return the zone of its clocks on the wall."""
        return ZoneInfo(self.zone)

    def device(self, name: str) -> Device | None:
        """Return the device of a name."""
        return next((device for device in self.devices if device.name == name), None)

    def owners(self, device: Device) -> dict[int | None, str]:
        """Return who measures with a device, by user slot."""
        owners: dict[int | None, str] = dict(device.users.items())
        return owners or {None: device.person or self.people[0]}


class Entry(Strict):
    """Something in the timeline. `at` counts from the start; `home` is needed where there are
    several. Times before the start are for measurements that wait in a device's memory."""

    at: Span
    home: Word | None = None


class Measured(Entry):
    """A person measures, or `times` times, one after `every`."""

    device: Word
    measure: dict[str, Any]
    times: Annotated[int, Field(ge=1, le=1000)] = 1
    every: Forward = timedelta(seconds=1)

    @property
    def moments(self) -> Sequence[timedelta]:
        """Return when, counted from the start."""
        return [self.at + number * self.every for number in range(self.times)]

    @property
    def ends(self) -> timedelta:
        """Return when the last one is taken."""
        return max(self.moments[-1], timedelta())


class Faulted(Entry):
    """Something breaks, for `lasts` where it does not come back by itself, or somebody does
    something, where it has to do with one `device`."""

    at: Forward
    fault: Annotated[
        str, AfterValidator(_a_fault), Field(json_schema_extra={"enum": sorted(FAULTS)})
    ]
    lasts: Forward = timedelta()
    device: Word | None = None

    @property
    def ends(self) -> timedelta:
        """Return when it is over."""
        return self.at + self.lasts


def _which(entry: Any) -> str:
    return (
        "(fault)" if isinstance(entry, dict | Faulted) and "fault" in dict(entry) else "(measure)"
    )


Happening: TypeAlias = Annotated[
    Annotated[Measured, Tag("(measure)")] | Annotated[Faulted, Tag("(fault)")],
    Discriminator(_which),
]


class Scenario(Strict):
    """The whole file."""

    scenario: Annotated[str, Field(min_length=1, max_length=120)]
    about: str = ""
    seed: int = 1
    homes: Annotated[tuple[Home, ...], Field(min_length=1)]
    timeline: Annotated[tuple[Happening, ...], Field(min_length=1)]
    expect: Annotated[tuple[ANY_EXPECTATION, ...], Field(min_length=1)]

    @property
    def ends(self) -> timedelta:
        """Return when the last thing has happened."""
        return max(entry.ends for entry in self.timeline)

    @property
    def faults(self) -> tuple[Faulted, ...]:
        """Return what breaks, in the file's order."""
        return tuple(entry for entry in self.timeline if isinstance(entry, Faulted))

    @property
    def alone(self) -> bool:
        """Say whether a fault strikes what other scenarios would share."""
        return any(FAULTS[entry.fault].shared for entry in self.faults)

    def home_of(self, entry: Entry) -> Home | None:
        """Return the home that an entry names, or the only one."""
        if entry.home is None:
            return self.homes[0] if len(self.homes) == 1 else None
        return next((home for home in self.homes if home.name == entry.home), None)

    def measured(self, home: Home, device: Device) -> Iterator[tuple[int, Measured]]:
        """Yield what a device measures, each with its place in the timeline."""
        for place, entry in enumerate(self.timeline):
            if not isinstance(entry, Measured) or entry.device != device.name:
                continue
            if self.home_of(entry) is home:
                yield place, entry


__all__ = ["Device", "Expectation", "Faulted", "Home", "Measured", "Scenario"]
