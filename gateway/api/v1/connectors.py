"""Far sides: how they are, what is dead, replay; and where they tell us of their changes."""

import json
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from gateway.access.rights import Right
from gateway.api.call import Call, Site, needs
from gateway.api.documented import problems
from gateway.api.idempotency import OnceOnly
from gateway.care.moves import Status
from gateway.connectors.ports import Remote
from gateway.errors import WrongInput
from gateway.outbox.file import FILE
from gateway.outbox.inbound import Sender, sender
from gateway.storage import connectors as store
from gateway.storage import outbox

router = APIRouter(prefix="/api/v1/connectors", tags=["connectors"], responses=problems())

CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""As much as the time of a signature may."""

Reads = Annotated[Call, needs(Right.ORGANISATION_READ)]
Mends = Annotated[Call, needs(Right.ORGANISATION_WRITE, Right.TASKS_WORK)]


class Connector(store.ConnectorRow):
    """A far side and how it is."""

    standing: store.State
    """The worst that can be said of it."""


class Dead(BaseModel):
    """What goes neither there nor here."""

    letters: list[store.DeadLetter]
    """Tasks that the far side does not take."""
    not_done: list[store.NotDone]
    """Changes made there that were not done here."""


class Replay(BaseModel):
    """Of which task; of all of them without."""

    model_config = ConfigDict(extra="forbid")

    task: UUID | None = None


class Replayed(BaseModel):
    """How many changes wait again."""

    replayed: int


class Told(BaseModel):
    """What was done to one of our tasks. What is not said has not changed."""

    model_config = ConfigDict(extra="forbid")

    task: UUID
    changed_at: AwareDatetime
    version: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    status: Status | None = None
    owner: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    urgency: Annotated[str | None, Field(max_length=40)] = None
    outcome: Annotated[str | None, Field(max_length=40)] = None
    actionable: bool | None = None
    attempts: Annotated[int | None, Field(ge=1, le=100)] = None
    symptom_check: dict[str, Any] | None = None
    note: Annotated[str, Field(max_length=2000)] = ""


class Message(BaseModel):
    """A webhook: `task.changed`."""

    type: Annotated[str, Field(pattern=r"^task\.changed$")]
    timestamp: datetime | None = None
    data: Told


async def _body(request: Request) -> bytes:
    return await request.body()


@router.get("", summary="Far sides, the failing first")
def list_connectors(call: Reads) -> list[Connector]:
    """List the worklists elsewhere: what waits, what is dead, since when they fail."""
    found = store.connectors(call.connection, call.now)
    return [Connector(**row.model_dump(), standing=row.state) for row in found]


@router.get("/{name}/dead", summary="What goes neither there nor here", responses=problems(404))
def list_dead(call: Reads, name: str) -> Dead:
    """List what the far side refuses, and what was done there and refused here."""
    found = store.find_connector(call.connection, call.now, name)
    return Dead(
        letters=list(store.dead_letters(call.connection, found.id)),
        not_done=list(store.not_done(call.connection, found.id)),
    )


@router.post("/{name}/replay", summary="Try again, now", responses=problems(400, 404))
def replay(call: Mends, name: str, asked: Replay, once: OnceOnly) -> Replayed:
    """Let what is dead be told again, and what waits at once."""

    def replayed() -> Replayed:
        found = store.find_connector(call.connection, call.now, name)
        count = store.replay(call.connection, found.id, asked.task)
        call.audit("connector.replay", subject=("connector", str(found.id)), count=count)
        return Replayed(replayed=count)

    return once(call, asked, Replayed, replayed)


# These two are for far sides, which have no account here: docs/how-to/connect-a-crm.md.
@router.post("/{name}/inbox", status_code=204, include_in_schema=False)
def hear(request: Request, name: str, body: Annotated[bytes, Depends(_body)]) -> Response:
    """Take what was done there, signed as https://www.standardwebhooks.com says.

    The same `webhook-id` again is taken as done. What is dated in the future is refused, since
    whatever came after it would be older.
    """
    who = _sender(request, name)
    who.verify(body, request.headers)
    try:
        message = Message.model_validate(json.loads(body))
    except (ValidationError, ValueError):
        raise WrongInput("The body is no message of type task.changed.") from None
    told, site = message.data, _site(request)
    if told.changed_at > site.now() + CLOCKS_DIFFER:
        raise WrongInput("changed_at is in the future: look at the clock there.")
    version = told.version or request.headers["webhook-id"]
    remote = Remote(**told.model_dump() | {"remote_id": str(told.task), "version": version})
    with site.transaction(who.organisation) as connection:
        outbox.receive(connection, who.id, remote, "webhook", site.now())
        connection.execute(store.TELL)
    return Response(status_code=204)


@router.post("/{name}/ping", status_code=204, include_in_schema=False)
def ping(request: Request, name: str, authorization: Annotated[str, Header()] = "") -> Response:
    """Ask the far side at once what has changed there, as its rest-hook asks. `Bearer SECRET`.

    The secret is one of `ping_secrets`, which sign nothing.
    """
    who = _sender(request, name)
    who.knows(authorization.removeprefix("Bearer "))
    with _site(request).transaction(who.organisation) as connection:
        connection.execute(outbox.LOOK, [who.id])
        connection.execute(store.TELL)
    return Response(status_code=204)


def _site(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


def _sender(request: Request, name: str) -> Sender:
    return sender(request.app.state.settings.home / FILE, name)
