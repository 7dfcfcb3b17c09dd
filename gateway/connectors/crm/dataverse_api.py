"""What Dataverse is told in connectors.toml, and what it answers."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, SecretStr, ValidationError

from device_profiles.reading import Frozen
from gateway.care.moves import Status
from gateway.connectors.crm.form import Columns, FieldName
from gateway.connectors.http import FarUrl
from gateway.connectors.oauth import OAuth, client_credentials
from gateway.connectors.records import last_changed

OVERLAP: Final = timedelta(minutes=5)
ETAG: Final = "@odata.etag"


class Settings(Frozen, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True):
    """Signs in as an application of Microsoft Entra."""

    url: FarUrl
    """`https://ORGANISATION.crm4.dynamics.com`."""
    tenant: UUID
    """Of Microsoft Entra, where the application is registered."""
    client_id: UUID
    """The application."""
    client_secret: SecretStr
    """Its secret."""
    sign_in: FarUrl = "https://login.microsoftonline.com"
    """Another one in national clouds."""
    api: Annotated[str, Field(pattern=r"^v9\.\d$")] = "v9.2"
    """The version of its Web API."""
    table: FieldName = "task"
    """The logical name of the table."""
    rows: FieldName = "tasks"
    """Its entity set."""
    id: FieldName = "activityid"
    """Its primary key."""
    columns: Columns = Columns(prefix="hl_")
    """The custom columns: your publisher's prefix, name; other names in `other`, empty for none."""
    statuses: Mapping[Status, Annotated[str, Field(pattern=r"^\d+/\d+$")]] = {}
    """`statecode/statuscode`, where yours differ."""
    page: Annotated[int, Field(ge=1, le=5000)] = 500
    """Rows that are asked for at once."""

    def auth(self) -> OAuth:
        """Return how it is signed in."""
        url = f"{self.sign_in}/{self.tenant}/oauth2/v2.0/token"
        scope = f"{self.url}/.default"
        return OAuth(url, client_credentials(str(self.client_id), self.client_secret, scope=scope))


class Place(BaseModel):
    """The cursor: changed since, and the page that comes next of the answer to just that."""

    since: AwareDatetime
    page: str = ""

    def next(self, base: str, rows: "Rows", there: datetime) -> "Place | None":
        """Return where to go on: by time where it has moved on, else by the page.

        Whoever is changed meanwhile moves to the end: a page that is counted by rows would pass
        others over. None for a next page that lies somewhere else.
        """
        if rows.next is None:
            # Whose clock writes `modifiedon` is not said: the last minutes are read again.
            return Place(since=there - OVERLAP)
        if not rows.next.startswith(f"{base}/"):
            return None
        last = rows.last
        if last is not None and last > self.since:
            return Place(since=last)
        return Place(since=self.since, page=rows.next.removeprefix(base))


def place(cursor: str | None, now: datetime) -> Place:
    """Return what to ask for."""
    try:
        return Place.model_validate_json(cursor or "")
    except ValidationError:
        return Place(since=now - OVERLAP)


class Row(BaseModel, extra="allow"):
    """A row, with columns by whatever names."""

    etag: Annotated[str, Field(alias=ETAG)]
    changed: Annotated[AwareDatetime, Field(alias="modifiedon")]

    @property
    def fields(self) -> Mapping[str, Any]:
        """Return all that is no part of every row."""
        return self.model_extra or {}

    @property
    def word(self) -> str:
        """Return its state and status."""
        return f"{self.fields.get('statecode')}/{self.fields.get('statuscode')}"


class Rows(BaseModel):
    """A page of rows; each is read by itself."""

    value: list[Any]
    next: Annotated[str | None, Field(alias="@odata.nextLink")] = None

    @property
    def last(self) -> datetime | None:
        """Return when the last of them was changed that can be read."""
        return last_changed(self.value, lambda each: Row.model_validate(each).changed)


class Keys(BaseModel):
    """The alternate keys of a table."""

    class Key(BaseModel):
        """One of them."""

        columns: Annotated[list[str], Field(alias="KeyAttributes")]
        state: Annotated[str, Field(alias="EntityKeyIndexStatus")]

    value: list[Key]
