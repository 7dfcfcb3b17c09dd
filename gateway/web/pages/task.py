"""One task: why, what to say, whom to call; who has it, and how it ends."""

from datetime import timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from alerting.words import template
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.etag import must_match
from gateway.api.tasks_shown import find, find_for_work, tag
from gateway.care.hands import assign_task, move_task, release_task
from gateway.care.moves import AlreadyTaken, Status
from gateway.care.snoozes import snooze_task, wake_task
from gateway.care.tasks import accept_task, lock_task
from gateway.errors import Conflict
from gateway.storage.colleagues import colleagues, find_colleague
from gateway.storage.worklist import WorkRow
from gateway.web.answers import done, go, words_of
from gateway.web.looking import saw
from gateway.web.task_page import task_page
from gateway.web.templates import page

router = APIRouter(prefix="/tasks/{task}", include_in_schema=False)
READERS: Final = frozenset({Right.TASKS_READ, Right.TECHNICAL_TASKS})
Reader = Annotated[Call, needs(*READERS)]
Worker = Annotated[Call, needs(Right.TASKS_WORK, Right.TECHNICAL_TASKS)]
Seen = Annotated[str, Form(min_length=1, max_length=100)]


@router.get("")
def show(call: Reader, request: Request, task: UUID) -> Response:
    """Show a task, or ask for the reason where the patient's record is closed."""
    row = find(call, task)
    if row.hidden:
        return RedirectResponse(f"/patients/{row.patient_id}/break-glass", 303)
    saw(call, request, "task.view", [row.patient_id], ("task", str(task)))
    return task_page(call, request, row)


@router.get("/ask/{what}")
def ask(
    call: Worker, request: Request, task: UUID, what: Literal["give", "snooze"]
) -> HTMLResponse:
    """Ask for whom, or for how long."""
    row = find_for_work(call, task)
    others = [each for each in colleagues(call.connection, limit=200) if each.id != call.who.id]
    people = [each for each in others if each.may_work_in(row.queue)]
    shown: dict[str, Any] = {"what": what, "task": row, "people": people, "seen": tag(row)}
    return page(request, "ask.html", call.who, **shown)


@router.post("/take")
def take(
    call: Worker, request: Request, task: UUID, here: Annotated[bool, Form()] = False
) -> Response:
    """Take it. Of two at once one wins; the other is told who has it.

    On its own page, `here`, the page is shown anew: with the form to close it.
    """
    row = _locked(call, task)
    words = words_of(request, call.who)
    try:
        accept_task(call.connection, task, call.who.name, call.now, person=call.who.id)
    except AlreadyTaken:
        if row.owner_id != call.who.id:
            at = words.clock(row.accepted_at or call.now, call.who.zone).striptags()
            told = template("{name} has it already, since {at}.")
            raise Conflict(str(words.say(told, name=row.owner, at=at).unescape())) from None
    else:
        call.audit("task.take", patient=row.patient_id, subject=("task", str(task)))
    if here:
        return go(request, f"/tasks/{task}")
    said = template("You have it: {title}")
    return done(request, words, said, f"/tasks/{task}", title=words.stored(row.title))


@router.post("/give")
def give(
    call: Worker,
    request: Request,
    task: UUID,
    to: Annotated[UUID, Form()],
    seen: Seen,
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Ask a colleague, or hand it over."""
    row = _locked(call, task, seen)
    whom = find_colleague(call.connection, to)
    if not whom.may_work_in(row.queue):
        raise Conflict("Their role does not let them work on this task.")
    assign_task(call.connection, task, to, whom.name, call.who.name, call.now, note=note)
    call.audit("task.assign", patient=row.patient_id, subject=("task", str(task)), to=str(to))
    said = template("{name} is asked.")
    return done(request, words_of(request, call.who), said, f"/tasks/{task}", name=whom.name)


@router.post("/snooze")
def snooze(
    call: Worker,
    request: Request,
    task: UUID,
    hours: Annotated[float, Form(gt=0, le=24)],
    reason: Annotated[str, Form(min_length=3, max_length=500)],
    seen: Seen,
) -> Response:
    """Let it wait; what is worse comes through all the same."""
    row = _locked(call, task, seen)
    length = timedelta(hours=hours)
    until = snooze_task(call.connection, task, call.who.name, reason, length, call.now)
    call.audit("task.snooze", patient=row.patient_id, subject=("task", str(task)))
    words = words_of(request, call.who)
    at = words.clock(until, call.who.zone).striptags()
    return done(request, words, template("Snoozed until {at}."), f"/tasks/{task}", at=at)


@router.post("/move/{move}")
def move(
    call: Worker,
    request: Request,
    task: UUID,
    move: Literal["release", "begin", "wait", "wake"],
    seen: Seen,
) -> Response:
    """Give it back, begin, wait for the patient, or end its snooze."""
    row = _locked(call, task, seen)
    name, now = call.who.name, call.now
    if move == "release":
        release_task(call.connection, task, name, now)
    elif move == "wake":
        wake_task(call.connection, task, name, now)
    else:
        to = Status.IN_PROGRESS if move == "begin" else Status.ON_HOLD
        move_task(call.connection, task, to, name, now)
    call.audit(f"task.{move}", patient=row.patient_id, subject=("task", str(task)))
    return go(request, f"/tasks/{task}")


def _locked(call: Call, task: UUID, seen: str | None = None) -> WorkRow:
    """Return the task as it is until the end. Raises NotFound, Forbidden, RecordClosed, Changed."""
    find_for_work(call, task)
    lock_task(call.connection, task)
    row = find_for_work(call, task)
    if seen is not None:
        must_match(seen, tag(row))
    return row
