"""What Salesforce is told in connectors.toml, and what it answers."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    Field,
    RootModel,
    SecretStr,
    ValidationError,
    model_validator,
)

from device_profiles.reading import Frozen
from gateway.care.moves import Status
from gateway.connectors.crm.form import Columns, FieldName
from gateway.connectors.http import FarUrl
from gateway.connectors.oauth import OAuth, client_credentials, jwt_bearer

OVERLAP: Final = timedelta(minutes=5)
MINUTE: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(days=29)
"""It tells of the changes of 30 days."""
OrNone = FieldName | Literal[""]


class Fields(Frozen, extra="forbid"):
    """Names of the record's own fields, "" for none; as a Task has them."""

    subject: FieldName = "Subject"
    text: OrNone = "Description"
    status: FieldName = "Status"
    priority: OrNone = "Priority"
    due: OrNone = "ActivityDate"

    @property
    def used(self) -> frozenset[str]:
        """Return those that there are."""
        return frozenset(self.model_dump().values()) - {""}


class Settings(Frozen, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True):
    """Signs in as a user by a key (JWT bearer), or by a client's secret."""

    url: FarUrl
    """`https://MY-DOMAIN.my.salesforce.com`."""
    client_id: Annotated[str, Field(min_length=1)]
    """The consumer key of an external client app."""
    client_secret: SecretStr | None = None
    """Its consumer secret, for the flow of client credentials; or `user` and `private_key`."""
    user: str | None = None
    """As whom it signs in by a key (JWT bearer)."""
    private_key: SecretStr | None = None
    """RSA, in PEM; the app has its certificate."""
    audience: str = "https://login.salesforce.com"
    """`https://test.salesforce.com` for a sandbox; for sign-in by a key."""
    api: Annotated[str, Field(pattern=r"^v\d{2,3}\.0$")] = "v61.0"
    """The version of its REST API."""
    sobject: FieldName = "Task"
    """Which object; a `CareTask` or one of your own has fields by other names."""
    names: Fields = Fields()
    """The object's own fields; empty for one that it has not."""
    columns: Columns = Columns(prefix="Hearthline_", suffix="__c")
    """The custom fields: prefix, name, suffix; other names in `other`, empty for none."""
    statuses: Mapping[Status, str] = {}
    """Words for our states, where yours differ."""
    page: Annotated[int, Field(ge=1, le=2000)] = 500
    """Records that are asked for at once."""

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        by_key = self.user is not None and self.private_key is not None
        if by_key == (self.client_secret is not None):
            raise ValueError("give either client_secret, or user and private_key")
        _ = self.auth
        return self

    @cached_property
    def auth(self) -> OAuth:
        """Return how it is signed in. A session ends by the organisation's policy, unannounced."""
        url = f"{self.url}/services/oauth2/token"
        if self.client_secret is not None:
            return OAuth(url, client_credentials(self.client_id, self.client_secret))
        key = self.private_key or SecretStr("")
        return OAuth(url, jwt_bearer(self.client_id, self.user or "", self.audience, key))


class Place(BaseModel):
    """The cursor: a span of time, the last id of it that was told, how far their clock is ahead."""

    start: AwareDatetime
    end: AwareDatetime
    after: str = ""
    ahead: timedelta = timedelta(0)

    @property
    def params(self) -> Mapping[str, str]:
        """Return them as they are asked for; its seconds are ignored there."""
        return {"start": _written(self.start), "end": _written(self.end)}

    def covers(self, at: datetime) -> bool:
        """Tell whether changes of this moment are within the span, as it is read there."""
        return at < self.end.replace(second=0, microsecond=0)

    def go_on(self, after: str) -> Self:
        """Return what comes next of the same span."""
        return self.model_copy(update={"after": after})

    def next(self, latest: datetime, there: datetime, now: datetime) -> "Place":
        """Return the span after this one, which is asked for at another time than `now`."""
        start = min(latest, there - OVERLAP)
        return Place(start=start, end=start, ahead=there - now)


def place(cursor: str | None, now: datetime) -> Place:
    """Return what to ask for: a span that was begun, or one that ends with the minute."""
    try:
        before = Place.model_validate_json(cursor or "")
    except ValidationError:
        before = Place(start=now - OVERLAP, end=now - OVERLAP)
    if before.after:
        return before
    there = now + before.ahead
    start, end = max(before.start, there - LONGEST), there + MINUTE
    return before.model_copy(update={"start": start, "end": end})


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


class Made(BaseModel):
    """What a create answers."""

    id: str


class Updated(BaseModel):
    """What changed in a span of time."""

    ids: list[str]
    latest: Annotated[AwareDatetime, Field(alias="latestDateCovered")]


class Record(BaseModel, extra="allow"):
    """A record, with fields by whatever names."""

    id: Annotated[str, Field(alias="Id")]
    changed: Annotated[AwareDatetime, Field(alias="LastModifiedDate")]

    @property
    def fields(self) -> Mapping[str, Any]:
        """Return all that is no part of every record."""
        return self.model_extra or {}


class Records(RootModel[list[Any]]):
    """Those that were asked for, null where we may not see one; each is read by itself."""


class Described(BaseModel):
    """What a kind of record has."""

    class Column(BaseModel):
        """A field."""

        name: str
        external_id: Annotated[bool, Field(alias="externalId")] = False
        unique: bool = False

    fields: list[Column]


class Wrong(RootModel[list[dict[str, Any]]]):
    """What an answer without success says."""

    @property
    def codes(self) -> frozenset[str]:
        """Return its error codes."""
        return frozenset(str(each.get("errorCode")) for each in self.root)
