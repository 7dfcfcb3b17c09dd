"""The fleet: every hub and device with its state in words, the worst first."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Query
from pydantic import BaseModel, Field, field_validator
from starlette.requests import Request
from starlette.responses import HTMLResponse

from alerting.words import template
from device_profiles.problems import ADVICE
from device_profiles.registry import PROFILES
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.paging import BY_ID, page_of, read_cursor
from gateway.care.troubles import BATTERY_LOW, OFFLINE
from gateway.storage.fleet import STATES, Looked, fleet
from gateway.web import labels
from gateway.web.answers import is_part
from gateway.web.navigation import Entry
from gateway.web.templates import page

NAVIGATION = Entry(50, template("Fleet"), "/fleet", frozenset({Right.DEVICES_READ}), key="f")
AT_ONCE: Final = 50
# The badge's tone, and the state in words.
WORDS: Final[dict[str, tuple[str, str]]] = {
    "offline": ("bad", template("Not heard")),
    "expired": ("bad", template("Certificate expired")),
    "device": ("warn", template("A device needs a hand")),
    "held": ("warn", template("Readings held by the gateway")),
    "ending": ("warn", template("Certificate ends soon")),
    "clock": ("warn", template("Clock not set")),
    "backlog": ("warn", template("Sends more slowly than it measures")),
    "battery": ("warn", template("Battery low")),
    "coming": ("quiet", template("Being installed")),
    "well": ("good", template("Well")),
    "out": ("quiet", template("Shut out")),
}
# As `hearthline-edge pair` names them.
SIGNALS: Final = (
    (-65, template("strong")),
    (-80, template("good")),
    (-90, template("weak")),
    (-999, template("faint")),
)

router = APIRouter(include_in_schema=False)
Reader = Annotated[Call, needs(Right.DEVICES_READ)]


class Filters(BaseModel, extra="ignore"):
    """What of the fleet is shown. A name is in forms only."""

    state: str | None = None
    cursor: Annotated[str | None, Field(max_length=400)] = None

    @field_validator("state", "cursor", mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        return value or None

    @field_validator("state")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and value not in STATES:
            raise ValueError("no such state")
        return value


class Sought(Filters):
    """The same from a form, with a part of a name."""

    named: Annotated[str, Field(max_length=100)] = ""


@router.get("/fleet")
def show(call: Reader, request: Request, filters: Annotated[Filters, Query()]) -> HTMLResponse:
    """Show the fleet."""
    return _list(call, request, Sought(**filters.model_dump()))


@router.post("/fleet")
def seek(call: Reader, request: Request, sought: Annotated[Sought, Form()]) -> HTMLResponse:
    """Show the fleet, looked through by name; as a part where htmx asks."""
    return _list(call, request, sought)


def _list(call: Call, request: Request, sought: Sought) -> HTMLResponse:
    looked = Looked(call.who.id, call.now, OFFLINE, sought.state, sought.named.strip())
    after = read_cursor(sought.cursor, BY_ID)
    found = fleet(
        call.connection, looked, after=UUID(after[0]) if after else None, limit=AT_ONCE + 1
    )
    rows, following = page_of(found.hubs, AT_ONCE, lambda row: [str(row.id)])
    call.audit("fleet.view", state=sought.state)
    return page(
        request,
        "fleet_rows.html" if is_part(request) else "fleet.html",
        call.who,
        rows=rows,
        after=following,
        sought=sought,
        words=WORDS,
        counts=found.counts,
        profiles=PROFILES,
        advice=ADVICE,
        trouble=labels.TROUBLE,
        signal=signal,
        battery_low=BATTERY_LOW,
        may_install=call.who.may(Right.DEVICES_WRITE),
    )


def signal(dbm: int) -> str:
    """Return the strength of a signal in a word."""
    return next(word for least, word in SIGNALS if dbm >= least)
