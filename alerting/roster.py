"""A roster: who there is, who has when, who is told of what; one checked document.

`rosters/default.yaml` is what holds where an organisation has none: everything is on the console.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Self
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from alerting.errors import PackError
from alerting.model import Queue, Severity
from alerting.on_call import Hour, Schedule
from alerting.pipeline.escalate import Ladder, To
from alerting.ports import Policy
from device_profiles.reading import Frozen

DEFAULT: Final = Path(__file__).parent / "rosters" / "default.yaml"

Name = Annotated[str, Field(min_length=1, max_length=80)]


class Contact(Frozen):
    """One way to a person. `down_to` is the mildest priority that it is used for."""

    channel: Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]
    address: Annotated[str, Field(min_length=1, max_length=500)]
    down_to: Severity = Severity.P4


class Person(Frozen):
    """Somebody who can be told, in their language."""

    contacts: tuple[Contact, ...] = ()
    language: Annotated[str, Field(pattern=r"^[a-z]{2}(_[A-Z]{2})?$")] = "en"


class Route(Frozen):
    """To whom a task goes; what is not named matches all. The first that matches counts."""

    to: To
    queue: Queue | None = None
    priorities: frozenset[Severity] = frozenset(Severity)
    rule: str | None = None

    @field_validator("to")
    @classmethod
    def _somebody(cls, value: To) -> To:
        if value.kind == "routed":
            raise ValueError("a route names a person, a team, a schedule or the default")
        return value


class Quiet(Frozen):
    """Hours of the night in which P3 and P4 wait. P1 and P2 never do."""

    begins: Hour
    ends: Hour


class Digest(Frozen):
    """More than `most` P3 and P4 to one address within an hour become one message (J)."""

    most: Annotated[int, Field(ge=1)] = 5


class Roster(Frozen):
    """Everything that says who is told. Names are the keys; all that are used are there."""

    timezone: str = "UTC"
    persons: Annotated[dict[Name, Person], Field(default_factory=dict)]
    teams: Annotated[dict[Name, tuple[Name, ...]], Field(default_factory=dict)]
    schedules: Annotated[dict[Name, Schedule], Field(default_factory=dict)]
    routes: tuple[Route, ...] = ()
    default: To | None = None
    ladders: dict[Severity, Ladder]
    quiet: Quiet | None = None
    digest: Digest = Digest()
    policy: Policy = Policy.MINIMAL

    @property
    def zone(self) -> ZoneInfo:
        """Return the organisation's zone."""
        return ZoneInfo(self.timezone)

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"no time zone {value!r}; an example is Europe/Vienna")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if missing := set(Severity) - set(self.ladders):
            raise ValueError(f"no ladder for {min(missing)}")
        if self.default and self.default.kind in ("routed", "default"):
            raise ValueError("the default is a person, a team or a schedule")
        for where, name, known in self._used():
            if name not in known:
                raise ValueError(f"{where}: no {name!r} in this roster")
        return self

    def _used(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Return every name that is used, with where, and where it has to be."""
        for team, members in self.teams.items():
            yield from ((f"team {team}", name, self.persons) for name in members)
        for called, schedule in self.schedules.items():
            yield from ((f"schedule {called}", name, self.persons) for name in schedule.persons)
        kinds: dict[str, Mapping[str, Any]] = {
            "person": self.persons,
            "team": self.teams,
            "on_call": self.schedules,
        }
        for to in self._targets():
            if to.name is not None:
                yield to.kind, to.name, kinds[to.kind]

    def _targets(self) -> Iterator[To]:
        if self.default:
            yield self.default
        yield from (route.to for route in self.routes)
        yield from (to for lad in self.ladders.values() for step in lad.steps for to in step.tell)


@cache
def default_roster() -> Roster:
    """Return what holds where an organisation has no roster."""
    return read_roster(DEFAULT)


def read_roster(path: Path) -> Roster:
    """Read a roster; ladders that it does not give are the default's. Raises PackError."""
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise PackError(path, None, error.strerror or "cannot be read") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        raise PackError(path, mark.line + 1 if mark else None, "this is not YAML") from None
    if not isinstance(document, dict):
        raise PackError(path, 1, "a roster is a mapping")
    if path != DEFAULT:
        own = document.get("ladders") or {}
        if not isinstance(own, dict):
            raise PackError(path, None, "ladders: a mapping of priorities to ladders")
        document["ladders"] = default_roster().model_dump(mode="json")["ladders"] | own
    try:
        return Roster.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise PackError(path, None, f"{field}: {first['msg']}".removeprefix(": ")) from None
