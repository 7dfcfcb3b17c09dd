"""The stream of changes that a page listens to: Server-Sent Events, of ids only."""

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.requests import Request

from gateway.access.rights import Right
from gateway.access.who import Who
from gateway.api.call import Call, needs
from gateway.web.live import Change, Live, Sees, Told

router = APIRouter(include_in_schema=False)
# The browser comes back by itself, and is asked anew who it is.
LONGEST: Final = timedelta(minutes=4)
AGAIN_MS: Final = 2000


@router.get("/live")
def live(
    call: Annotated[Call, needs(Right.TASKS_READ, Right.TECHNICAL_TASKS)],
    request: Request,
    since: Annotated[str, Query(max_length=40)] = "",
) -> EventSourceResponse:
    """Tell what changes in the organisation, from what the page has seen on."""
    feed: Live = request.app.state.live
    since = request.headers.get("last-event-id", since)
    return EventSourceResponse(_events(feed, seen_by(call.who), since))


def live_from(request: Request) -> str:
    """Return where a page that is made now begins to listen: what `page(live=...)` is given."""
    feed: Live = request.app.state.live
    return f"/live?since={feed.place}"


def seen_by(who: Who) -> Sees:
    """Return which changes somebody may know of."""
    every = who.may(Right.TASKS_READ)

    def sees(change: Change) -> bool:
        mine = change.organisation == who.organisation
        return mine and (every or (change.what == "task" and change.queue == "technical"))

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
