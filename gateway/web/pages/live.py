"""The stream of changes that a page listens to: Server-Sent Events, of ids only."""

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.requests import Request

from gateway.access.restricted import may_see
from gateway.access.rights import Right
from gateway.access.who import Who
from gateway.api.call import Call, needs
from gateway.web.live import READING, Change, Live, Sees, Told

router = APIRouter(include_in_schema=False)
# The browser comes back by itself, and is asked anew who it is.
LONGEST: Final = timedelta(minutes=4)
AGAIN_MS: Final = 2000


@router.get("/live")
def live(
    call: Annotated[Call, needs(Right.TASKS_READ, Right.TECHNICAL_TASKS)],
    request: Request,
    since: Annotated[str, Query(max_length=40)] = "",
    patient: UUID | None = None,
) -> EventSourceResponse:
    """Tell what changes in the organisation, from what the page has seen on.

    Of readings only a page of their patient is told. Where a record was closed meanwhile the page
    goes on, and hears of none.
    """
    if patient is not None and not (call.who.may(Right.READINGS_READ) and may_see(call, patient)):
        patient = None
    return stream(call.who, request, since, patient)


def stream(who: Who, request: Request, since: str, patient: UUID | None) -> EventSourceResponse:
    """Return the stream; `patient` is one whose readings they may see."""
    feed: Live = request.app.state.live
    since = request.headers.get("last-event-id", since)
    return EventSourceResponse(_events(feed, seen_by(who, patient), since))


async def remember_place(request: Request) -> None:
    """Keep how far changes were heard of, before anything of the page is read."""
    feed: Live = request.app.state.live
    request.state.place = feed.place


def live_from(request: Request, patient: UUID | None = None) -> str:
    """Return where a page begins to listen: what `page(live=...)` is given.

    That is where its request began: what changes while it is made is told to it once more, never
    missed. With `patient` it hears of their readings too.
    """
    return f"/live?since={request.state.place}" + (f"&patient={patient}" if patient else "")


def seen_by(who: Who, patient: UUID | None = None) -> Sees:
    """Return which changes somebody may know of, and of whose readings they asked to hear."""
    every = who.may(Right.TASKS_READ)

    def sees(change: Change) -> bool:
        if change.organisation != who.organisation:
            return False
        if change.what == READING:
            return change.patient == patient
        return every or (change.what == "task" and change.queue == "technical")

    return sees


async def _events(feed: Live, sees: Sees, since: str) -> AsyncGenerator[bytes]:
    end = datetime.now(UTC) + LONGEST
    yield format_sse_event(retry=AGAIN_MS, comment="hearthline")
    stream = feed.watch(sees, since)
    try:
        async for told in stream:
            yield _event(told)
            if datetime.now(UTC) > end:
                return
    finally:
        await stream.aclose()


def _event(told: Told | None) -> bytes:
    if told is None:
        return format_sse_event(comment="beat")
    if told.change is None:
        return format_sse_event(event="again", id=told.place, data_str="all")
    seen = {"what": told.change.what, "id": str(told.change.id)}
    seen["patient"] = str(told.change.patient)
    return format_sse_event(event="change", id=told.place, data_str=json.dumps(seen))
