"""What is written down of a task: attempts, notes, minutes, and its end."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from pydantic import AwareDatetime
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerting.languages import ENGLISH
from alerting.words import template
from gateway.access.rights import Right, Role
from gateway.api.call import Call, needs
from gateway.api.etag import must_match
from gateway.api.tasks_shown import find_for_work, tag
from gateway.care.follow_up import make_task
from gateway.care.moves import UrgencyTooLow
from gateway.care.red_flags import Flags
from gateway.care.tasks import complete_task, lock_task
from gateway.errors import Changed, Conflict, GatewayError, WrongInput
from gateway.storage.contacts import Author, Channel, NewContact, Reached, WithWhom, add_contact
from gateway.storage.minutes import (
    Activity,
    NewTime,
    TimeTaken,
    add_time,
    free_time,
    must_be_a_stretch,
)
from gateway.storage.notes import NewNote, add_note
from gateway.storage.worklist import WorkRow
from gateway.web.answers import done, words_of
from gateway.web.closing import ASK_AGAIN, Closing, Spoken, read, whom
from gateway.web.task_page import flags_of, task_page
from gateway.web.templates import words

router = APIRouter(prefix="/tasks/{task}", include_in_schema=False)
Worker = Annotated[Call, needs(Right.TASKS_WORK, Right.TECHNICAL_TASKS)]
A_MINUTE: Final = timedelta(minutes=1)


async def typed(request: Request) -> dict[str, str]:
    """Return a form as it was typed."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


Typed = Annotated[dict[str, str], Depends(typed)]


@router.post("/contact")
def contact(
    call: Worker,
    request: Request,
    task: UUID,
    channel: Annotated[Channel, Form()],
    outcome: Annotated[Reached, Form()],
    with_whom: Annotated[WithWhom, Form()] = WithWhom.PATIENT,
    note: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Write down that somebody was called."""
    row = find_for_work(call, task)
    new = NewContact(
        channel=channel, with_whom=with_whom, outcome=outcome, task_id=task, note=note.strip()
    )
    add_contact(call.connection, row.patient_id, new, _author(call), call.now)
    call.audit("contact.add", patient=row.patient_id, subject=("task", str(task)))
    said = template("The attempt is written down.")
    return done(request, words_of(request, call.who), said, f"/tasks/{task}")


@router.post("/note")
def note(
    call: Worker, request: Request, task: UUID, text: Annotated[str, Form(max_length=4000)]
) -> Response:
    """Write a note; it stands on the patient's charts too."""
    row = find_for_work(call, task)
    new = NewNote(text=text, task_id=task)
    add_note(call.connection, row.patient_id, new, _author(call), call.now)
    call.audit("note.add", patient=row.patient_id, subject=("task", str(task)))
    said = template("The note is written down.")
    return done(request, words_of(request, call.who), said, f"/tasks/{task}")


@router.post("/time")
def time(
    call: Annotated[Call, needs(Right.TIME_WRITE)],
    request: Request,
    task: UUID,
    began: Annotated[AwareDatetime, Form()],
    activity: Annotated[Activity, Form()],
    live: Annotated[bool, Form()] = False,
) -> Response:
    """Write down the time since the work began."""
    row = find_for_work(call, task)
    _write_time(call, row, began, activity, live)
    said = template("The time is written down.")
    return done(request, words_of(request, call.who), said, f"/tasks/{task}")


@router.post("/close")
def close(call: Worker, request: Request, task: UUID, form: Typed) -> Response:
    """Close it with its coded end. What cannot be taken is shown again, as it was typed."""
    find_for_work(call, task)
    lock_task(call.connection, task)
    row = find_for_work(call, task)
    closing, strange = read(form)
    asked_for = flags_of(call, row)
    wrong = [*strange, *closing.wrong(row.priority, asked_for)]
    if wrong:
        return task_page(call, request, row, closing=closing, wrong=wrong, status=422)
    try:
        with call.connection.transaction():
            _close(call, request, row, closing, asked_for)
    except (Changed, Conflict, WrongInput) as error:
        return _again(call, request, row, closing, error)
    return RedirectResponse(f"/worklist?queue={row.queue}&closed={row.id}", 303)


def _close(call: Call, request: Request, row: WorkRow, closing: Closing, asked_for: Flags) -> None:
    if row.owner_id != call.who.id:
        told = template("{name} has it now.") if row.owner else template("Nobody has it now.")
        raise Conflict(str(words_of(request, call.who).say(told, name=row.owner).unescape()))
    must_match(closing.seen, tag(row))
    if closing.minutes and closing.began is not None and call.who.may(Right.TIME_WRITE):
        _write_minutes(call, row, closing, closing.began)
    ended = closing.disposition(call.now, asked_for)
    complete_task(call.connection, row.id, call.who.name, ended, call.now)
    # As all that is stored, in English; it is translated where it is read.
    title = str(words(ENGLISH).say(ASK_AGAIN, title=row.title).unescape())
    new = closing.follow_up(title, row.sentence, row.queue, call.now)
    if new is not None:
        make_task(
            call.connection,
            call.who.organisation,
            row.patient_id,
            new,
            call.who.name,
            call.now,
            follows=row.id,
            owner=whom(call.who.id, call.who.name, closing.again),
        )
    call.audit("task.complete", patient=row.patient_id, subject=("task", str(row.id)))


def _again(
    call: Call, request: Request, row: WorkRow, closing: Closing, error: GatewayError
) -> Response:
    wrong = ["urgency"] if isinstance(error, UrgencyTooLow) else []
    free = None
    if isinstance(error, TimeTaken) and closing.began is not None:
        free = sum(((ended - began) for began, ended in _free(call, closing.began)), timedelta(0))
        closing = closing.model_copy(update={"minutes": bool(free), "free": bool(free)})
    shown: dict[str, Any] = {"closing": closing, "wrong": wrong, "error": error, "free": free}
    return task_page(call, request, row, **shown, status=error.status)


def _free(call: Call, began: datetime) -> list[tuple[datetime, datetime]]:
    """Return what is free of the time since then, where it is worth a line."""
    if not began < call.now:
        return []
    parts = free_time(call.connection, call.who.id, began, call.now)
    return [(since, until) for since, until in parts if until - since >= A_MINUTE]


def _write_minutes(call: Call, row: WorkRow, closing: Closing, began: datetime) -> None:
    """Write the minutes down; of parts that are free the longest is the one of the contact."""
    must_be_a_stretch(began, call.now)  # all of it: its parts alone would pass
    live = closing.spoken is Spoken.PATIENT
    parts = _free(call, began) if closing.free else [(began, call.now)]
    for n, (since, until) in enumerate(parts):
        _write_time(call, row, since, closing.activity, live and n == 0, until)


def _write_time(
    call: Call,
    row: WorkRow,
    began: datetime,
    activity: Activity,
    live: bool,
    ended: datetime | None = None,
) -> None:
    new = NewTime(
        activity=activity,
        began_at=began,
        ended_at=ended or call.now,
        live=live,
        qualified=Role.CLINICIAN in call.who.roles,
        task_id=row.id,
    )
    add_time(call.connection, row.patient_id, new, _author(call), call.now)
    call.audit("time.add", patient=row.patient_id, subject=("task", str(row.id)))


def _author(call: Call) -> Author:
    return Author(id=call.who.id, name=call.who.name)
