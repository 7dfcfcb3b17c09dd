"""Worklists elsewhere: what waits, fails, is dead, since when; one button tries it all again."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from alerting.words import template
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.connectors import kinds
from gateway.outbox.file import FILE, is_wrong
from gateway.storage.connectors import (
    State,
    connectors,
    dead_letters,
    find_connector,
    not_done,
    replay,
)
from gateway.storage.outbox import FILE_WRONG
from gateway.web.answers import done, words_of
from gateway.web.navigation import Entry
from gateway.web.templates import page

NAVIGATION = Entry(80, template("Connectors"), "/connectors", frozenset({Right.ORGANISATION_WRITE}))
MENDS: Final = frozenset({Right.ORGANISATION_WRITE, Right.TASKS_WORK})
WORDS: Final[dict[State, tuple[str, str]]] = {
    "well": ("good", template("Well")),
    "waiting": ("quiet", template("Tasks wait their turn")),
    "dead": ("warn", template("Some tasks are not taken")),
    "failing": ("bad", template("Does not answer as it should")),
    "retired": ("quiet", template("Not in the file any more")),
}

router = APIRouter(prefix="/connectors", include_in_schema=False)
Reader = Annotated[Call, needs(Right.ORGANISATION_READ)]


@router.get("")
def show(call: Reader, request: Request) -> HTMLResponse:
    """Show every far side and how it is, the failing first."""
    rows = connectors(call.connection, call.now)
    titles = {name: kind.title for name, kind in kinds().items()}
    file = request.app.state.settings.home / FILE
    return page(
        request,
        "connectors.html",
        call.who,
        rows=rows,
        wrong=is_wrong(file) or any(row.error == FILE_WRONG for row in rows),
        titles=titles,
        words=WORDS,
        dead={row.id: dead_letters(call.connection, row.id, 20) for row in rows if row.dead},
        not_done={row.id: not_done(call.connection, row.id, 20) for row in rows if row.refused},
        may_replay=bool(MENDS & call.who.rights),
        may_open=call.who.may(Right.TASKS_READ),
    )


@router.post("/{name}/replay")
def again(
    call: Annotated[Call, needs(*MENDS)],
    request: Request,
    name: str,
    task: Annotated[UUID | None, Form()] = None,
) -> Response:
    """Let what is dead be tried again, and what waits at once."""
    found = find_connector(call.connection, call.now, name)
    count = replay(call.connection, found.id, task)
    call.audit("connector.replay", subject=("connector", str(found.id)), count=count)
    said = template("All of it is tried again, now: {n} that were given up, and what waits.")
    return done(request, words_of(request, call.who), said, "/connectors", n=count)
