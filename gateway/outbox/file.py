"""Reads the site's connectors.toml: one table for each far side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID, uuid5

from pydantic import Field, StringConstraints, ValidationError, ValidationInfo, field_validator

from alerting.model import Queue
from device_profiles.reading import Frozen
from gateway import site_file
from gateway.connectors import kinds
from gateway.connectors.ports import Connector, Contents
from gateway.connectors.signing import PingSecret, SigningSecret, signing_key
from gateway.errors import NotFound, WrongInput
from gateway.site_file import read_tables

FILE: Final = "connectors.toml"
_CONNECTORS: Final = UUID("5a0c53b4-8f0f-4b9c-9d0e-0a7e6f3b2c11")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class Common(Frozen, extra="forbid", use_attribute_docstrings=True):
    """What every far side's table says, whatever its kind."""

    kind: str
    """Which connector."""
    organisation: UUID
    """Whose tasks are told."""
    contents: Contents = Contents.MINIMAL
    """How much of a task leaves: `minimal` (that there is work, of which queue, how urgent, and the
    codes of its end), `title`, or `full` (also values, and what was noted)."""
    queues: tuple[Queue, ...] = ("clinical", "adherence", "technical")
    """Tasks of which queues are told."""
    rate_per_minute: Annotated[int, Field(ge=1, le=6000)] = 60
    """Turns, at most: one is a task told, or a look at what changed; up to four requests."""
    poll_every_s: Annotated[int, Field(ge=1, le=3600)] = 30
    """How often it is asked what changed, in seconds."""
    inbound_secrets: Annotated[tuple[SigningSecret, ...], Field(max_length=3)] = ()
    """By which its webhooks to us are signed (Standard Webhooks), the newest first."""
    ping_secrets: Annotated[tuple[PingSecret, ...], Field(max_length=3)] = ()
    """By which it may ask us to look at once what changed there, and nothing else; any 20 letters
    or more, none of `inbound_secrets`. The newest first."""

    @field_validator("ping_secrets")
    @classmethod
    def _signs_nothing(
        cls, secrets: tuple[PingSecret, ...], told: ValidationInfo
    ) -> tuple[PingSecret, ...]:
        """Whoever may read a subscription must not be able to close a task."""
        signing = map(signing_key, told.data.get("inbound_secrets", ()))
        if not set(signing).isdisjoint(map(signing_key, secrets)):
            raise ValueError("the secret of a ping signs nothing: give it one of its own")
        return secrets


@dataclass(frozen=True, slots=True)
class Entry:
    """A far side of the file."""

    name: str
    common: Common
    connector: Connector

    @property
    def id(self) -> UUID:
        """Return the same id for the same name and organisation, whoever reads the file."""
        return connector_id(self.common.organisation, self.name)

    @property
    def pause(self) -> timedelta:
        """Return what lies between two calls."""
        return timedelta(minutes=1) / self.common.rate_per_minute

    @property
    def poll_every(self) -> timedelta:
        """Return how often it is asked what changed there."""
        return timedelta(seconds=self.common.poll_every_s)

    def row(self) -> Mapping[str, Any]:
        """Return it as table `connector` has it: without a secret."""
        return {
            "id": self.id,
            "organisation": self.common.organisation,
            "name": self.name,
            "kind": self.common.kind,
            "contents": self.common.contents,
            "queues": list(self.common.queues),
        }


def connector_id(organisation: UUID, name: str) -> UUID:
    """Return the id of a far side."""
    return uuid5(_CONNECTORS, f"{organisation}/{name}")


def own_part(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a table is the same for every kind."""
    return {key: value for key, value in table.items() if key in Common.model_fields}


def read_connectors(path: Path) -> Sequence[Entry]:
    """Return the far sides of a file, none without it. Raises WrongInput.

    The file holds secrets, so no value of it is quoted.
    """
    tables = read_tables(path)
    return [_entry(path, name, table) for name, table in tables.items()]


def is_wrong(path: Path) -> bool:
    """Say whether a worker that reads the file now can serve nobody."""
    return site_file.is_wrong(path, read_connectors)


def find(entries: Sequence[Entry], name: str) -> Entry:
    """Return the one of this name. Raises NotFound."""
    for entry in entries:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in entries) or "none"
    raise NotFound(f"No connector {name!r} in {FILE}; there is: {known}.")


def _entry(path: Path, name: str, table: Any) -> Entry:
    if not isinstance(table, dict):
        raise WrongInput(f"{path}: {name} is not a table.")
    mine = own_part(table)
    theirs = {key: value for key, value in table.items() if key not in mine}
    try:
        _Named(name=name)
        common = Common.model_validate(mine)
        known = kinds()
        if common.kind not in known:
            names = ", ".join(sorted(known))
            raise WrongInput(f"{path}: {name}.kind: no such kind; known are {names}.")
        return Entry(name, common, known[common.kind].build(theirs))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join([name, *map(str, first["loc"])])
        raise WrongInput(f"{path}: {where}: {first['msg']}.") from None


class _Named(Frozen):
    name: Name
