"""What only FHIR servers do: pages, transactions, references by search, what others wrote."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from gateway.care.moves import Status
from gateway.connectors import kinds
from gateway.connectors.ports import Changed, Changes, Connector, Later, Put, Refused
from simulators.far_sides.faults import Fault
from simulators.far_sides.fhir import FhirServer
from tests.integration.connectors.works import END, full, minimal, put, taken

ELSEWHERE = "https://elsewhere.example/fhir?_getpages=p0"


@pytest.fixture(scope="module")
def running() -> Iterator[FhirServer]:
    with FhirServer() as side:
        yield side


@pytest.fixture
def side(running: FhirServer) -> FhirServer:
    running.reset()
    return running


def connector(side: FhirServer, **table: Any) -> Connector:
    return kinds()["fhir"].build({**side.table(), **table})


def there(side: FhirServer, kind: str) -> list[dict[str, Any]]:
    return [each for (of, _), each in side.store.held.items() if of == kind]


def asked(connector: Connector, cursor: str | None) -> Changes:
    told = connector.changes(cursor, datetime.now(UTC))
    assert isinstance(told, Changes), told
    return told


@contextmanager
def held(side: FhirServer) -> Iterator[FhirServer]:
    with side.lock:
        yield side


def test_what_goes_with_a_task_is_there_once(side: FhirServer) -> None:
    work = full()
    one = connector(side)
    known = put(one, work)
    known = put(one, taken(work), known)
    done = taken(work, status=Status.COMPLETED, end=END, closed_at=datetime.now(UTC))
    put(one, replace(done, alert_state="resolved"), known)
    kinds_there = sorted(kind for kind, _ in side.store.held)
    assert kinds_there == sorted(
        ["Communication", "DetectedIssue", "Device", "Flag", "Observation", "Task"]
    )
    (issue,), (flag,), (task,) = (there(side, e) for e in ("DetectedIssue", "Flag", "Task"))
    assert (issue["status"], flag["status"]) == ("final", "inactive")
    assert task["focus"]["reference"] == f"DetectedIssue/{issue['id']}"
    (note,) = there(side, "Communication")
    assert note["about"] == [{"reference": f"Task/{task['id']}"}]


def test_a_patient_is_found_by_an_identifier(side: FhirServer) -> None:
    work, mrn = full(), "https://clinic.example/mrn"
    one = connector(side, patients="identifier", patient_system=mrn)
    assert isinstance(one.put(work, None), Refused)
    assert side.store.held == {}
    name = {"system": mrn, "value": work.patient.external_id}
    with held(side):
        _, patient = side.store.create({"resourceType": "Patient", "identifier": [name]})
    put(one, work)
    subject = {"reference": f"Patient/{patient['id']}"}
    assert there(side, "Task")[0]["for"] == subject
    assert there(side, "Observation")[0]["subject"] == subject


def test_a_server_without_transactions_gets_the_task_only(side: FhirServer) -> None:
    one, work = connector(side, transactions=False), full()
    known = put(one, work)
    known = put(one, taken(work), known)
    assert [kind for kind, _ in side.store.held] == ["Task"]
    sent = [each for each in side.requests if each.purpose == "write"]
    assert [each.method for each in sent] == ["POST", "PUT"]
    assert str(work.task) in sent[0].headers["if-none-exist"]
    assert sent[1].headers["if-match"] == 'W/"1"'
    side.edit(work.task, status="on-hold")
    assert isinstance(one.put(taken(work), known), Changed)


@pytest.mark.parametrize("atomic", [True, False], ids=["transactions", "batches"])
@pytest.mark.parametrize("transactions", [True, False], ids=["bundles", "one by one"])
def test_a_write_between_the_look_and_the_change_is_seen(
    side: FhirServer,
    monkeypatch: pytest.MonkeyPatch,
    atomic: bool,
    transactions: bool,
) -> None:
    """What If-Match is for. The person is quicker than our second request."""
    side.store.atomic = atomic
    one, work = connector(side, transactions=transactions), full()
    known = put(one, work)
    search = side._search

    def and_then(kind: str, query: list[tuple[str, str]]) -> dict[str, Any]:
        found = search(kind, query)
        monkeypatch.setattr(side, "_search", search)
        side.edit(work.task, status="in-progress", owner="Grace Hopper")
        return found

    monkeypatch.setattr(side, "_search", and_then)
    changed = one.put(taken(work), known)
    assert isinstance(changed, Changed)
    assert (changed.remote.status, changed.remote.owner) == (Status.IN_PROGRESS, "Grace Hopper")
    assert there(side, "Task")[0]["status"] == "in-progress"


def test_two_alerts_of_one_identifier_are_no_change_of_the_task(side: FhirServer) -> None:
    one, work = connector(side), full()
    known = put(one, work)
    with held(side):
        side.store.create(there(side, "DetectedIssue")[0])
    assert one.put(taken(work), known) == Refused("http_412")
    assert one.put(full(alert=work.alert), None) == Refused("http_412")
    assert there(side, "Task")[0]["status"] == "requested"


def test_two_transactions_at_once_are_tried_again(side: FhirServer) -> None:
    """As HAPI answers where the database lets only one of them through."""
    one, work = connector(side), full()
    both_at_once = Fault("409", status=409)
    side.faults.queue(both_at_once, on="write")
    assert one.put(work, None) == Later("http_409")
    known = put(one, work)
    side.faults.queue(both_at_once, on="write")
    assert one.put(taken(work), known) == Later("http_409")
    assert isinstance(one.put(taken(work), known), Put)


def test_what_others_wrote_into_the_task_stays(side: FhirServer) -> None:
    one, work = connector(side), minimal()
    known = put(one, work)
    other = {"system": "https://clinic.example/tasks", "value": "T-9"}
    with held(side):
        (task,) = there(side, "Task")
        theirs = {"groupIdentifier": other, "identifier": [other, *task["identifier"]]}
        side.store.update(task | theirs, task["id"])
    assert isinstance(one.put(taken(work), known), Put)
    (task,) = there(side, "Task")
    assert (task["groupIdentifier"], task["identifier"][1]) == (other, other)
    assert task["status"] == "accepted"


def test_a_task_that_lost_our_identifier_is_found_by_its_id(side: FhirServer) -> None:
    one, work = connector(side), minimal()
    known = put(one, work)
    with held(side):
        (task,) = there(side, "Task")
        side.store.update(task | {"identifier": []}, task["id"])
    assert isinstance(one.put(taken(work), known), Put)
    assert [each.key for each in side.tasks()] == [work.task]


def test_a_task_that_was_deleted_there_comes_back(side: FhirServer) -> None:
    one, work = connector(side), minimal()
    known = put(one, work)
    side.store.held.clear()
    assert put(one, taken(work), known).remote_id != known.remote_id


def test_no_page_is_asked_for_elsewhere(side: FhirServer, monkeypatch: pytest.MonkeyPatch) -> None:
    one = connector(side)
    first = asked(one, None)
    put(one, minimal())
    link = {"link": [{"relation": "next", "url": ELSEWHERE}]}
    monkeypatch.setattr(side, "_bundle", lambda *_: {"resourceType": "Bundle", **link})
    assert one.changes(first.cursor, datetime.now(UTC)) == Refused("next_page_is_elsewhere")


def test_pages_that_the_server_forgot_are_asked_for_anew(side: FhirServer) -> None:
    one = connector(side)
    told = asked(one, asked(one, None).cursor)
    works = [minimal() for _ in range(5)]
    for work in works:
        put(one, work)
    told = asked(one, told.cursor)
    assert told.more
    side.pages.clear()
    seen = {each.task for each in told.items}
    while told.more:
        told = asked(one, told.cursor)
        seen |= {each.task for each in told.items}
    assert seen == {work.task for work in works}


def test_pages_that_are_counted_hide_nothing(
    side: FhirServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side, "counts_pages", True)
    one = connector(side)
    told = asked(one, asked(one, None).cursor)
    works = [minimal() for _ in range(7)]
    for work in works:
        put(one, work)
    seen, told = set[UUID](), asked(one, told.cursor)
    while told.more:
        seen |= {each.task for each in told.items}
        side.edit(works[0].task, owner="Ada Byron")
        told = asked(one, told.cursor)
    assert seen | {each.task for each in told.items} == {work.task for work in works}


def test_what_was_told_is_not_told_again(side: FhirServer) -> None:
    one = connector(side)
    cursor = asked(one, None).cursor
    work = minimal()
    put(one, work)
    told = asked(one, cursor)
    assert [each.task for each in told.items] == [work.task]
    again = asked(one, told.cursor)
    assert (again.items, again.more) == ([], False)
    side.edit(work.task, status="accepted")
    assert [each.status for each in asked(one, again.cursor).items] == [Status.ACCEPTED]


def test_tasks_of_others_are_not_told(side: FhirServer) -> None:
    one = connector(side)
    cursor = asked(one, None).cursor
    with held(side):
        side.store.create({"resourceType": "Task", "status": "requested", "intent": "order"})
    assert asked(one, cursor).items == []


def test_another_release_of_fhir_is_told_at_once(
    side: FhirServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = side._answer
    monkeypatch.setattr(
        side,
        "_answer",
        lambda status, resource: answer(status, resource | {"fhirVersion": "5.0.0"}),
    )
    assert connector(side).check() == Refused("not_fhir_r4")
