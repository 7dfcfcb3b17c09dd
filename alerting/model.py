"""What alerting speaks of: rules, observations, and the episodes in which a rule holds."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, SerializeAsAny

from alerting.words import Said
from device_profiles.reading import Absent, Frozen, Validity

Queue = Literal["clinical", "adherence", "technical"]

# Who was answered is not forgotten for longer than that (J).
LONGEST_REST: Final = timedelta(days=14)
# A numeric 0 or a failed measurement is `invalid`; control solution and demos are not the patient.
TAKES_PART: Final = frozenset({Validity.VALID, Validity.QUESTIONABLE})


class Severity(StrEnum):
    """How soon somebody must act; P1 is the worst."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"

    def worse_than(self, other: "Severity | None") -> bool:
        """Tell whether this is more urgent; anything is more urgent than None."""
        return other is None or self.value < other.value


def worst(severities: Iterable[Severity | None]) -> Severity | None:
    """Return the most urgent one, None where there is none."""
    return min((severity for severity in severities if severity), default=None)


def milder(one: Severity | None, other: Severity | None) -> Severity | None:
    """Return the less urgent of two; None is the mildest."""
    return max(one, other) if one and other else None


class Direction(StrEnum):
    """The side on which a value leaves its limits."""

    HIGH = "high"
    LOW = "low"


class Observation(Frozen):
    """One value of a stored reading, as rules see it.

    `received_at` is when the hub had it: a reading is late against that, so that an outage of the
    home's line, the broker or the gateway hides nothing. `stored_at` is when the gateway had it.
    `utc_offset` is what the patient's clocks showed more than UTC, so `day` is the patient's day.
    """

    reading_id: UUID
    measured_at: AwareDatetime
    received_at: AwareDatetime
    stored_at: AwareDatetime
    component: str
    unit: str
    validity: Validity
    number: Decimal | None = None
    absent: Absent | None = None
    ordinal: int = 0
    flags: frozenset[str] = frozenset()
    utc_offset: timedelta = timedelta(0)

    @property
    def clock(self) -> datetime:
        """Return what the patient's clocks showed then; to be read, never compared."""
        return self.measured_at.astimezone(UTC) + self.utc_offset

    @property
    def day(self) -> date:
        """Return the patient's own day in which it was measured."""
        return self.clock.date()

    @property
    def order(self) -> tuple[datetime, UUID, int]:
        """Sort by time of measurement, in one way whatever came first."""
        return self.measured_at, self.reading_id, self.ordinal


class Freshness(Frozen):
    """How old a reading may be when its device tells it to the hub and still open work (J)."""

    p1: timedelta = timedelta(hours=48)
    other: timedelta = timedelta(hours=24)

    def late(self, observation: Observation, severity: Severity) -> bool:
        """Tell whether the device told it too late to ask for work."""
        limit = self.p1 if severity is Severity.P1 else self.other
        return observation.received_at - observation.measured_at > limit


class Rule(Frozen, ABC):
    """A declared condition; each kind adds its parameters. A version never changes its content.

    Nobody may set other limits for a `locked` one. `adjusted` says why others' limits are in it,
    and who set them, and `programme` is the pack that holds only for people in a programme with
    it; neither is written in a pack. `replaces` is the rule for everybody that one of a programme
    stands in for. `ask_again` is how long an answered alert of it rests while it goes on and is no
    worse than the answered task was; P1 never rests, and nothing shorter than it does without.
    `titles` call alerts by severity, so that tasks tell bands apart in words.
    """

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    version: Annotated[int, Field(ge=1)]
    kind: str
    title: str
    titles: dict[Severity, str] = Field(default_factory=dict)
    label: str
    direction: Direction
    queue: Queue = "clinical"
    freshness: Freshness = Freshness()
    source: Annotated[str, Field(min_length=3)]
    locked: bool = False
    ask_again: Annotated[timedelta, Field(gt=timedelta(0), le=LONGEST_REST)] | None = None
    adjusted: str | None = None
    programme: str | None = None
    replaces: str | None = None

    @property
    @abstractmethod
    def components(self) -> tuple[str, ...]:
        """Return the names of the values that it judges."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the names of all that it is given: what it judges, and what moves its limits."""
        return self.components

    def titled(self, severity: Severity) -> str:
        """Return what an alert or a task of this severity is called."""
        return self.titles.get(severity, self.title)

    @property
    def side(self) -> Direction:
        """Return on which side the patient's values are: many lows are a high number."""
        return self.direction

    @property
    def looks_back(self) -> timedelta:
        """Return how far before a reading it needs others to judge it."""
        return timedelta(0)

    @property
    def clear_after(self) -> int:
        """Return how many readings in a row lower or close an episode."""
        return 1


class OneComponent(Rule, ABC):
    """A rule over one value of readings."""

    component: str

    @property
    def components(self) -> tuple[str, ...]:
        """See `Rule`."""
        return (self.component,)


class Fact(Frozen):
    """A number that made a rule hold: a mean, a slope, a baseline; what it is called, in words."""

    name: str
    value: str
    unit: str = ""


class Evidence(Frozen):
    """A reading for which the rule held: the band it reached and why, in words.

    `facts` are the numbers behind the words, `basis` the other readings that they come from.
    """

    observation: Observation
    severity: Severity
    reason: Said
    late: bool
    facts: tuple[Fact, ...] = ()
    basis: tuple[UUID, ...] = ()


class Carried(Frozen):
    """What is known of an episode that began before the readings that are read again.

    `observations` are some of its evidence: what opened it, the worst, the newest; `earlier` is how
    many more there were. `told` is what the alert's explanation said of them.
    """

    severity: Severity
    observations: tuple[Observation, ...]
    earlier: int = 0
    told: tuple[Evidence, ...] = ()


class State(StrEnum):
    """Whether an episode goes on."""

    OPEN = "open"
    CLOSED = "closed"


class Episode(Frozen):
    """A stretch of time in which a rule held. `evidence` is in the order of measurement.

    Of an episode that was carried over, `earlier` counts the evidence that is not repeated.
    """

    rule: SerializeAsAny[Rule]
    severity: Severity
    peak: Severity
    evidence: Annotated[tuple[Evidence, ...], Field(min_length=1)]
    earlier: int = 0
    state: State = State.OPEN
    closed_at: AwareDatetime | None = None
    cleared_by: tuple[Observation, ...] = ()

    @property
    def opened_by(self) -> Evidence:
        """Return the reading that began it."""
        return self.evidence[0]

    @property
    def readings(self) -> frozenset[UUID]:
        """Return the ids of its evidence."""
        return frozenset(evidence.observation.reading_id for evidence in self.evidence)


class Problem(Frozen):
    """A reading that a rule could not judge; the operator's to mend, never silent."""

    rule_key: str
    rule_version: int
    reading_id: UUID
    reason: str


class Level(StrEnum):
    """For whom other limits hold; each goes over those before it."""

    ORGANISATION = "organisation"
    PROGRAMME = "programme"
    PATIENT = "patient"


class Override(Frozen):
    """Other parameters of a rule, in force for a time: for an organisation, a programme, a person.

    `changes` are parameters by name, as in a pack; `off` takes the rule away; `final` forbids the
    levels after this one to change anything.
    """

    level: Level
    rule_key: str
    changes: dict[str, Any] = Field(default_factory=dict)
    off: bool = False
    final: bool = False
    reason: Annotated[str, Field(min_length=3)]
    author: Annotated[str, Field(min_length=1)]
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None = None

    def in_force(self, at: datetime) -> bool:
        """Tell whether it holds at this moment."""
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)
