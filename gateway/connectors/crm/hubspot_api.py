"""What HubSpot is told in connectors.toml, and what it answers."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Self

from pydantic import AwareDatetime, BaseModel, Field, SecretStr, ValidationError

from device_profiles.reading import Frozen
from gateway.care.moves import Status
from gateway.connectors.crm.form import Columns
from gateway.connectors.http import FarUrl
from gateway.connectors.records import last_changed

OVERLAP: Final = timedelta(minutes=5)
LOCKED: Final = frozenset({"RATE_LIMITS", "CONFLICT", "LOCKED", "TIMEOUT", "INTERNAL_ERROR"})
"""Categories of errors that pass."""


class Settings(Frozen, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True):
    """Signs in by the access token of a private app."""

    token: SecretStr
    """The access token of a private app."""
    url: FarUrl = "https://api.hubapi.com"
    """Its API."""
    version: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")] = "2026-03"
    """Of its API, by date."""
    columns: Columns = Columns(prefix="hearthline_")
    """The custom properties: prefix, name; other names in `other`, empty for none."""
    statuses: Mapping[Status, str] = {}
    """Words for our states, where yours differ."""
    page: Annotated[int, Field(ge=1, le=200)] = 100
    """Tasks that are asked for at once."""


class Place(BaseModel):
    """The cursor: changed since, and how far the answer to just that question was read."""

    since: AwareDatetime
    after: str | None = None

    def next(self, found: "Found", there: datetime) -> "Place":
        """Return where to go on: by time where it has moved on, else by the page.

        Whoever is changed meanwhile moves to the end, so pages alone would skip others. Search
        learns of a change after a while, so the last minutes are read again.
        """
        if found.after is None:
            return Place(since=there - OVERLAP)
        last = found.last
        return Place(since=last) if last and last > self.since else self._page(found.after)

    def _page(self, after: str) -> Self:
        return self.model_copy(update={"after": after})


def place(cursor: str | None, now: datetime) -> Place:
    """Return what to ask for."""
    try:
        return Place.model_validate_json(cursor or "")
    except ValidationError:
        return Place(since=now - OVERLAP)


class Record(BaseModel):
    """A task; every value is a text."""

    id: str
    properties: dict[str, Any]
    changed: Annotated[AwareDatetime, Field(alias="updatedAt")]


class _Next(BaseModel):
    after: str


class _Paging(BaseModel):
    next: _Next | None = None


class Found(BaseModel):
    """A page of a search; each task of it is read by itself."""

    results: list[Any]
    paging: _Paging | None = None

    @property
    def last(self) -> datetime | None:
        """Return when the last of them was changed that can be read."""
        return last_changed(self.results, lambda each: Record.model_validate(each).changed)

    @property
    def after(self) -> str | None:
        """Return where the next page begins, None for the last one."""
        return self.paging.next.after if self.paging and self.paging.next else None


class _Error(BaseModel):
    category: str = ""


class Batch(BaseModel):
    """What became of a batch: some rows may be written, others not."""

    results: list[Record] = []
    errors: list[_Error] = []
    wrong: Annotated[int, Field(alias="numErrors")] = 0

    @property
    def passes(self) -> bool:
        """Tell whether what went wrong may go well later."""
        return not self.errors or any(each.category in LOCKED for each in self.errors)


class Properties(BaseModel):
    """What a task has."""

    class Property(BaseModel):
        """A field."""

        name: str
        unique: Annotated[bool, Field(alias="hasUniqueValue")] = False

    results: list[Property]
