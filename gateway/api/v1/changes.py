"""The stream of changes: what to look at again, by ids only (Server-Sent Events)."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.sse import EventSourceResponse
from starlette.requests import Request
from starlette.responses import StreamingResponse

from gateway.access.restricted import must_see
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.errors import Forbidden
from gateway.web.pages.live import stream

SAMPLE = (
    "id: 5f2b9c0e-7\n"
    "event: change\n"
    'data: {"what":"task","id":"7c0a2f0e-5d1b-4c57-9a3e-2f6f1f0a1b2c","patient":"0d5a3a1e-..."}\n\n'
)
STREAM: dict[str, Any] = {
    "description": "Events `change` (look at this), and `again` (look at everything).",
    "content": {"text/event-stream": {"schema": {"type": "string"}, "example": SAMPLE}},
}

router = APIRouter(prefix="/api/v1/changes", tags=["changes"], responses=problems())


@router.get(
    "",
    summary="What changes, as it changes",
    response_class=StreamingResponse,  # the one for events would make them itself
    responses={200: STREAM},
)
def listen(
    call: Annotated[Call, needs(Right.TASKS_READ, Right.TECHNICAL_TASKS)],
    request: Request,
    since: Annotated[str, Query(max_length=40, description="The last id that was heard.")] = "",
    patient: Annotated[
        UUID | None, Query(description="Whose readings are told too, as `reading`.")
    ] = None,
) -> EventSourceResponse:
    """Tell of tasks, snoozes, notes, contacts and time. It ends after four minutes: come back.

    Readings are many: of one patient's is told, of all that came at once by one of their ids.
    """
    if patient is not None:
        if not call.who.may(Right.READINGS_READ):
            raise Forbidden
        must_see(call, patient)
    return stream(call.who, request, since, patient)
