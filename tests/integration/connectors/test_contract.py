"""What every connector does, whatever the far side: one test here is one for each kind."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus

import pytest
from pydantic import ValidationError

from gateway.care.moves import Status
from gateway.connectors import kinds
from gateway.connectors.http import LONGEST, MASK
from gateway.connectors.ports import Changed, Changes, Known, Later, Put, Refused, Remote, Work
from simulators.far_sides import far_sides
from simulators.far_sides.faults import (
    BAD_REQUEST,
    BROKEN,
    BUSY,
    ELSEWHERE,
    LATE_504,
    LOST,
    NOT_LET_IN,
    PAGE,
    TWICE,
    UNREACHED,
    Fault,
    busy,
)
from tests.integration.connectors.conftest import Both
from tests.integration.connectors.works import END, NOTE, SENTENCE, full, minimal, put, taken

SKEWS = [timedelta(0), timedelta(minutes=4), timedelta(minutes=-4)]
CHECK = {"answered_by": "patient", "at": "2026-11-22T10:00:00Z", "red_flags": ["chest_pain"]}
ENDED = {"urgency": "hospital_today", "outcome": "visit_booked", "actionable": True}
MORE = {"symptom_check": CHECK, "note": "an ambulance came"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?([+]00:00)?)?|http\S+")


def strings(value: Any) -> list[str]:
    """Return every text in a value, and every number as a text; not the keys."""
    if isinstance(value, Mapping):
        return [text for each in value.values() for text in strings(each)]
    if isinstance(value, list | tuple):
        return [text for each in value for text in strings(each)]
    return [] if value is None else [str(value)]


def loaded(body: str) -> Any:
    return json.loads(body) if body else None


def now() -> datetime:
    return datetime.now(UTC)


def drain(both: Both, cursor: str | None) -> tuple[list[Remote], str, int]:
    """Return all that changed since, the next cursor, and the number of pages."""
    items: list[Remote] = []
    pages, more = 0, True
    while more:
        told = both.connector.changes(cursor, now())
        assert isinstance(told, Changes), told
        items += told.items
        cursor, more, pages = told.cursor, told.more, pages + 1
        assert pages < 50
    assert cursor is not None
    return items, cursor, pages


def reads(both: Both, status: Status) -> Status:
    return both.connector.reads_as(status)


def named(fault: Fault) -> str:
    return fault.name


def test_every_connector_has_a_far_side() -> None:
    assert set(kinds()) <= set(far_sides())


def test_a_task_is_there_once(both: Both) -> None:
    work = full()
    put(both.connector, work)
    known = put(both.connector, work)
    put(both.connector, work, known)
    (task,) = both.side.tasks()
    assert task.key == work.task
    assert work.title in task.subject
    assert task.remote_id == known.remote_id


def test_a_change_of_ours_arrives(both: Both) -> None:
    work = full()
    known = put(both.connector, work)
    mine = taken(work, title="Blood pressure still very high")
    known = put(both.connector, mine, known)
    (task,) = both.side.tasks()
    assert (task.owner, task.subject) == ("Ada Byron", "P2 Blood pressure still very high")
    put(both.connector, replace(mine, status=Status.REQUESTED, owner=None, version=3), known)
    (task,) = both.side.tasks()
    assert task.owner is None


@pytest.mark.parametrize("fault", [LOST, LATE_504, TWICE, UNREACHED, BUSY], ids=named)
def test_one_task_whatever_happens_to_the_request(both: Both, fault: Fault) -> None:
    both.side.faults.queue(fault, on="write")
    work = full()
    assert isinstance(both.connector.put(work, None), Put if fault is TWICE else Later)
    known = put(both.connector, work)
    both.side.faults.queue(fault, on="write")
    mine = taken(work)
    second = both.connector.put(mine, known)
    assert isinstance(second, Put if fault is TWICE else Later)
    if isinstance(second, Put):
        known = Known(second.remote_id, second.version)
    third = both.connector.put(mine, known)
    if isinstance(third, Changed):
        # The change that it does not know of is our own: its answer was lost.
        assert (third.remote.owner, third.remote.status) == (mine.owner, reads(both, mine.status))
        put(both.connector, mine, Known(third.remote.remote_id, third.remote.version))
    (task,) = both.side.tasks()
    assert (task.key, task.owner) == (work.task, mine.owner)


@pytest.mark.parametrize("seed", range(4))
def test_one_task_whatever_happens(both: Both, seed: int) -> None:
    both.side.faults.seeded(seed, most=8)
    work, known, version = full(), None, 1
    for _ in range(60):
        outcome = both.connector.put(replace(work, version=version), known)
        if isinstance(outcome, Put | Changed):
            told = outcome if isinstance(outcome, Put) else outcome.remote
            known = Known(told.remote_id, told.version)
            version += isinstance(outcome, Put)
        if version > 4:
            break
    assert version > 4
    assert [task.key for task in both.side.tasks()] == [work.task]


def test_what_a_person_did_there_is_not_written_over(two_way: Both) -> None:
    work = full()
    known = put(two_way.connector, work)
    two_way.side.edit(work.task, status="in-progress", owner="Grace Hopper")
    mine = replace(work, title="Something else", version=2)
    changed = two_way.connector.put(mine, known)
    assert isinstance(changed, Changed)
    assert (changed.remote.status, changed.remote.owner) == (Status.IN_PROGRESS, "Grace Hopper")
    (task,) = two_way.side.tasks()
    assert (task.owner, work.title in task.subject) == ("Grace Hopper", True)
    put(two_way.connector, mine, Known(changed.remote.remote_id, changed.remote.version))
    assert "Something else" in two_way.side.tasks()[0].subject


def test_what_was_closed_there_is_seen_after_a_lost_answer(two_way: Both) -> None:
    work = full()
    two_way.side.faults.queue(LOST, on="write")
    assert isinstance(two_way.connector.put(work, None), Later)
    two_way.side.edit(work.task, status="completed", end=ENDED)
    changed = two_way.connector.put(replace(work, version=2), None)
    assert isinstance(changed, Changed)
    assert changed.remote.status is Status.COMPLETED


@pytest.mark.parametrize("skew", SKEWS, ids=str)
def test_a_change_there_is_told(two_way: Both, skew: timedelta) -> None:
    two_way.side.faults.skew = skew
    _, cursor, _ = drain(two_way, None)
    work, other = full(), full()
    versions = {each.task: put(two_way.connector, each).version for each in (work, other)}
    echo, cursor, _ = drain(two_way, cursor)
    assert [each for each in echo if each.version != versions[each.task]] == []
    two_way.side.edit(work.task, status="completed", owner="Grace Hopper", end=ENDED | MORE)
    items, cursor, _ = drain(two_way, cursor)
    (told,) = {each.version: each for each in items if each.version != versions[each.task]}.values()
    assert (told.task, told.status, told.owner) == (work.task, Status.COMPLETED, "Grace Hopper")
    assert (told.urgency, told.outcome, told.actionable, told.symptom_check, told.note) == (
        *ENDED.values(),
        CHECK,
        "an ambulance came",
    )
    again, _, _ = drain(two_way, cursor)
    assert {each.version for each in again} <= {told.version, versions[other.task]}


def test_many_changes_come_in_pages(two_way: Both) -> None:
    _, cursor, _ = drain(two_way, None)
    works = [full() for _ in range(5)]
    for work in works:
        put(two_way.connector, work)
        two_way.side.edit(work.task, owner="Grace Hopper")
    items, _, pages = drain(two_way, cursor)
    assert {each.task for each in items} == {work.task for work in works}
    assert pages > 1


def test_what_is_changed_while_pages_are_read_hides_nothing(two_way: Both) -> None:
    """It moves to the end: where pages are counted, what comes after it moves up a place."""
    _, cursor, _ = drain(two_way, None)
    works = [full() for _ in range(7)]
    for work in works:
        put(two_way.connector, work)
        two_way.side.edit(work.task, owner="Grace Hopper")
        two_way.side.faults.skew += timedelta(seconds=1)
    seen: list[Remote] = []
    edits = 3
    told = two_way.connector.changes(cursor, now())
    while isinstance(told, Changes) and told.more:
        seen += told.items
        if told.items and edits:
            two_way.side.edit(told.items[0].task, owner="Ada Byron")
            two_way.side.faults.skew += timedelta(seconds=1)
            edits -= 1
        assert len(seen) < 100
        told = two_way.connector.changes(told.cursor, now())
    assert isinstance(told, Changes), told
    assert {each.task for each in [*seen, *told.items]} == {work.task for work in works}


@pytest.mark.parametrize("status", Status)
def test_every_state_is_read_back_as_is_said(two_way: Both, status: Status) -> None:
    _, cursor, _ = drain(two_way, None)
    work = full()
    known = put(two_way.connector, work)
    closed = END if status is Status.COMPLETED else None
    put(two_way.connector, taken(work, status=status, end=closed), known)
    items, _, _ = drain(two_way, cursor)
    assert {each.status for each in items} == {reads(two_way, status)}
    assert items[-1].outcome == (END.outcome if closed else None)


def test_a_task_that_is_closed_already_is_closed_there(two_way: Both) -> None:
    work = full(status=Status.COMPLETED, end=END, owner="Ada Byron")
    known = put(two_way.connector, work)
    told = two_way.connector.put(work, known)
    assert isinstance(told, Put)
    items, _, _ = drain(two_way, None)
    assert {(each.status, each.outcome) for each in items} == {(Status.COMPLETED, END.outcome)}


@pytest.mark.parametrize("skew", SKEWS, ids=str)
@pytest.mark.parametrize("as_date", [False, True], ids=["seconds", "date"])
def test_it_waits_as_long_as_it_is_asked_to(both: Both, skew: timedelta, as_date: bool) -> None:
    both.side.faults.skew = skew
    both.side.faults.queue(busy(30, as_date=as_date), on="write")
    told = both.connector.put(minimal(), None)
    assert isinstance(told, Later)
    assert abs(told.after - timedelta(seconds=30)) <= timedelta(seconds=1)
    both.side.faults.queue(busy(86_400, as_date=as_date), on="write")
    told = both.connector.put(minimal(), None)
    assert isinstance(told, Later)
    assert told.after == LONGEST


@pytest.mark.parametrize("fault", [*BROKEN, *[NOT_LET_IN] * 2], ids=named)
def test_what_passes_is_tried_later(both: Both, fault: Fault) -> None:
    both.side.faults.queue(fault, fault, fault)
    assert isinstance(both.connector.put(full(), None), Later)


def test_a_session_that_ended_is_begun_again(signed_in: Both) -> None:
    put(signed_in.connector, full())
    signed_in.side.faults.queue(NOT_LET_IN)
    put(signed_in.connector, full())
    assert [each.purpose for each in signed_in.side.requests].count("sign-in") >= 1


def test_what_will_never_be_taken_is_refused(both: Both) -> None:
    both.side.faults.queue(BAD_REQUEST, BAD_REQUEST, on="write")
    assert isinstance(both.connector.put(full(), None), Refused)


def test_a_redirection_is_not_followed_and_gives_no_task_up(both: Both) -> None:
    both.side.faults.queue(ELSEWHERE, ELSEWHERE, on="write")
    assert both.connector.put(full(), None) == Later("http_302")
    assert [each.url for each in both.side.requests if "elsewhere" in each.url] == []


def test_a_page_of_a_proxy_is_no_answer(two_way: Both) -> None:
    two_way.side.faults.queue(*[PAGE] * 9)
    assert isinstance(two_way.connector.put(full(), None), Later)
    assert isinstance(two_way.connector.changes(None, now()), Later)


def test_of_two_there_none_is_changed(both: Both) -> None:
    work = full()
    known = put(both.connector, work)
    if not both.side.duplicate(work.task):
        return  # It lets nobody make a second one.
    mine = taken(work)
    assert isinstance(both.connector.put(mine, known), Refused)
    assert isinstance(both.connector.put(mine, None), Refused)
    assert [task.owner for task in both.side.tasks()] == [None, None]


def test_check_says_whether_we_are_let_in(both: Both) -> None:
    assert isinstance(both.connector.check(), Put)
    assert both.side.tasks() == []
    both.side.faults.queue(*[NOT_LET_IN] * 3)
    assert isinstance(both.connector.check(), Later)


@pytest.mark.parametrize("work", [minimal(), full()], ids=["minimal", "full"])
def test_what_is_shown_is_what_is_sent(both: Both, work: Work) -> None:
    shown = both.connector.requests(work)
    assert both.side.requests == []
    put(both.connector, work)
    sent = [each for each in both.side.requests if each.purpose != "sign-in"]
    assert [(each.method, each.url) for each in shown] == [(s.method, s.url) for s in sent]
    assert [loaded(each.body) for each in shown] == [loaded(each.body) for each in sent]
    text = repr(shown)
    assert MASK in text
    assert [each for each in (*both.side.secrets, "Bearer", "PRIVATE KEY") if each in text] == []


def test_minimal_says_nothing_of_health(both: Both) -> None:
    told = full()
    work = minimal(task=told.task)
    mine = taken(work, status=Status.COMPLETED, end=replace(END, note=None))
    put(both.connector, mine, put(both.connector, work))
    (task,) = both.side.tasks()
    assert "Clinical task" in task.subject
    sent = " ".join(unquote_plus(f"{each.url} {each.body}") for each in both.side.requests)
    for word in (SENTENCE, NOTE, told.title, "bp_very", "mmHg", "mm[Hg]", "systolic"):
        assert word not in sent
    assert [text for text in unsaid(both, work, mine) if re.search(r"\d\d", text)] == []


def unsaid(both: Both, *works: Work) -> Iterator[str]:
    """Yield what is written there and does not stand in what may leave, nor is a moment."""
    allowed = {text for work in works for text in strings(asdict(work)) if len(text) > 1}
    said = re.compile("|".join(map(re.escape, sorted(allowed, key=len, reverse=True))))
    for request in both.side.requests:
        if request.purpose == "write":
            for text in strings(loaded(request.body)):
                yield MOMENT.sub("", said.sub("", text))


def test_a_wrong_table_is_told_by_its_key(both: Both) -> None:
    with pytest.raises(ValidationError) as wrong:
        kinds()[both.side.kind].build({**both.side.table(), "nonsense": 1})
    assert "nonsense" in str(wrong.value)
