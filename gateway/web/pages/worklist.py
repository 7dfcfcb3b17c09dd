"""The worklist: three queues, the worst first; who takes what, asks whom, and lets it wait."""

from datetime import timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query
from pydantic import BaseModel, Field, field_validator
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from alerting.model import Queue, Severity
from alerting.pipeline.snooze import longest
from alerting.words import template
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.paging import BY_URGENCY, page_of, read_cursor
from gateway.api.tasks_shown import find_for_work
from gateway.care.bulk import LOW, give_all, snooze_all, take_all
from gateway.errors import Conflict, WrongInput
from gateway.storage.badges import MOST, badges
from gateway.storage.colleagues import colleagues, find_colleague
from gateway.storage.programmes import list_programmes
from gateway.storage.worklist import Wanted, WorkRow, place, worklist
from gateway.web.answers import done, is_part, words_of
from gateway.web.just_closed import just_closed
from gateway.web.labels import OUTCOME
from gateway.web.looking import saw
from gateway.web.navigation import Entry
from gateway.web.pages.live import live_from
from gateway.web.templates import page

READERS: Final = frozenset({Right.TASKS_READ, Right.TECHNICAL_TASKS})
NAVIGATION = Entry(10, template("Worklist"), "/worklist", READERS, key="w")
AT_ONCE: Final = 50
QUEUES: Final[dict[Queue, str]] = {
    "clinical": template("Clinical"),
    "adherence": template("Adherence"),
    "technical": template("Technical"),
}

router = APIRouter(include_in_schema=False)
Reader = Annotated[Call, needs(*READERS)]
Worker = Annotated[Call, needs(Right.TASKS_WORK, Right.TECHNICAL_TASKS)]


class Filters(BaseModel, extra="ignore"):
    """What of the list is shown. A name is in forms only: it has no place in an address."""

    queue: Queue = "clinical"
    priority: Severity | None = None
    whose: Literal["", "mine", "nobody"] = ""
    programme: Annotated[str, Field(max_length=100)] = ""
    cursor: Annotated[str | None, Field(max_length=400)] = None
    closed: UUID | None = None
    """A task that was closed a moment ago, of which the page says so."""

    @field_validator("priority", "cursor", "closed", mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        return value or None


class Sought(Filters):
    """The same from a form, with a part of a name."""

    named: Annotated[str, Field(max_length=100)] = ""


@router.get("/worklist")
def show(call: Reader, request: Request, filters: Annotated[Filters, Query()]) -> HTMLResponse:
    """Show the list."""
    return _list(call, request, Sought(**filters.model_dump()))


@router.post("/worklist")
def seek(call: Reader, request: Request, sought: Annotated[Sought, Form()]) -> HTMLResponse:
    """Show the list, looked through by name; as a part where htmx asks."""
    return _list(call, request, sought)


def _list(call: Call, request: Request, sought: Sought) -> HTMLResponse:
    if not call.who.may(Right.TASKS_READ):
        # Which programme somebody is in tells what they have.
        sought = sought.model_copy(update={"queue": "technical", "programme": ""})
    rows, after = _rows(call, sought)
    said = just_closed(call, sought.closed, rows)
    seen = [row.patient_id for row in (*rows, *([said.task] if said else []))]
    saw(call, request, "worklist.view", seen, queue=sought.queue)
    shown: dict[str, Any] = {
        "sought": sought,
        "rows": rows,
        "after": after,
        "low": LOW,
        "may_work": sought.queue == "technical" or call.who.may(Right.TASKS_WORK),
        "may_read": call.who.may(Right.PATIENTS_READ),
    }
    if is_part(request):
        return page(request, "worklist_rows.html", call.who, **shown)
    return page(
        request,
        "worklist.html",
        call.who,
        live=live_from(request),
        queues=QUEUES if call.who.may(Right.TASKS_READ) else {"technical": QUEUES["technical"]},
        open_in=badges(call.connection),
        most=MOST,
        closed=said,
        outcomes=OUTCOME,
        programmes=_programmes(call),
        **shown,
    )


def _programmes(call: Call) -> list[dict[str, object]]:
    if not call.who.may(Right.TASKS_READ):
        return []
    return list_programmes(call.connection, call.who.organisation, call.now)


def _rows(call: Call, sought: Sought) -> tuple[list[WorkRow], str | None]:
    wanted = Wanted(
        queue=sought.queue,
        priority=sought.priority,
        owner=call.who.id if sought.whose == "mine" else None,
        untaken=sought.whose == "nobody",
        named=sought.named.strip(),
        programme=sought.programme,
        viewer=call.who.id,
    )
    after = read_cursor(sought.cursor, BY_URGENCY)
    found = worklist(call.connection, wanted, call.now, after=after, limit=AT_ONCE + 1)
    rows, following = page_of(found, AT_ONCE, lambda row: place(row, wanted))
    return list(rows), following


@router.get("/worklist/ask/{what}")
def ask(
    call: Worker, request: Request, what: Literal["give", "snooze"], queue: Queue = "clinical"
) -> HTMLResponse:
    """Ask for whom, or for how long, of those that are ticked."""
    others = [each for each in colleagues(call.connection, limit=200) if each.id != call.who.id]
    people = [each for each in others if each.may_work_in(queue)]
    return page(request, "ask.html", call.who, what=what, task=None, people=people)


class Ticked(BaseModel):
    """The tasks that are ticked; no more than a page shows."""

    task: Annotated[list[UUID], Field(min_length=1, max_length=AT_ONCE)]


class Given(Ticked):
    """To whom, with what words."""

    to: UUID
    note: Annotated[str, Field(max_length=500)] = ""


class Snoozed(Ticked):
    """For how long, and why; everybody reads the reason."""

    hours: Annotated[float, Field(gt=0, le=24)]
    reason: Annotated[str, Field(min_length=3, max_length=500)]


@router.post("/worklist/take")
def take(call: Worker, request: Request, ticked: Annotated[Ticked, Form()]) -> Response:
    """Take all that are ticked and nobody has yet."""
    tasks = _ids(_for_work(call, "task.take", ticked))
    n = take_all(call.connection, tasks, call.who.id, call.who.name, call.now)
    said = template("Taken: {n}; somebody else has {others}.")
    return _done(call, request, said, n, len(tasks) - n)


@router.post("/worklist/give")
def give(call: Worker, request: Request, given: Annotated[Given, Form()]) -> Response:
    """Ask a colleague for all that are ticked."""
    rows = _for_work(call, "task.assign", given, to=str(given.to))
    to = find_colleague(call.connection, given.to)
    if not all(to.may_work_in(row.queue) for row in rows):
        raise Conflict("Their role does not let them work on these tasks.")
    by = (call.who.id, call.who.name)
    n = give_all(call.connection, _ids(rows), (to.id, to.name), by, call.now, note=given.note)
    said = template("Asked: {n}; not possible for {others}.")
    return _done(call, request, said, n, len(rows) - n)


@router.post("/worklist/snooze")
def snooze(call: Worker, request: Request, snoozed: Annotated[Snoozed, Form()]) -> Response:
    """Let all that are ticked wait."""
    tasks = _ids(_for_work(call, "task.snooze", snoozed))
    length = timedelta(hours=snoozed.hours)
    if length > longest(Severity.P4):
        raise WrongInput("A snooze ends within a day.")
    n = snooze_all(call.connection, tasks, call.who.name, snoozed.reason, length, call.now)
    said = template("Waiting: {n}; not possible for {others}.")
    return _done(call, request, said, n, len(tasks) - n)


def _for_work(call: Call, action: str, ticked: Ticked, **detail: Any) -> list[WorkRow]:
    """Record what is done with tasks, and for whom. Raises NotFound, Forbidden, Restricted."""
    rows = [find_for_work(call, task) for task in dict.fromkeys(ticked.task)]
    call.audit(action, patients=[row.patient_id for row in rows], tasks=_ids(rows), **detail)
    return rows


def _ids(rows: list[WorkRow]) -> list[UUID]:
    return [row.id for row in rows]


def _done(call: Call, request: Request, said: str, n: int, others: int) -> Response:
    return done(request, words_of(request, call.who), said, "/worklist", n=n, others=others)
