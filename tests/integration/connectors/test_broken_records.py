"""One broken record there: it is told, and the others go on."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from starlette.responses import JSONResponse

from gateway.connectors import kinds
from gateway.connectors.crm import hubspot_api
from gateway.connectors.http import parsed
from gateway.connectors.ports import Changes, Later, Remote
from gateway.connectors.records import LONGEST, last_changed, read_each
from gateway.outbox.arrivals import CANNOT_BE_READ
from gateway.outbox.courier import Courier
from gateway.outbox.file import Common, Entry
from gateway.storage.connectors import find_connector, not_done
from gateway.storage.database import Database
from gateway.storage.outbox import register
from simulators.far_sides import FarSide, dataverse, hubspot, salesforce
from simulators.far_sides.fhir import FhirServer
from simulators.far_sides.openmrs import OpenMrs
from simulators.far_sides.records import Crm
from tests.fixtures.database import copied
from tests.fixtures.site import make_site
from tests.integration.alerting.homes import evaluate, one, rows, take_glucoses, take_pressures
from tests.integration.connectors.conftest import Both
from tests.integration.connectors.works import full, put

TELLS = {salesforce: "_record", hubspot: "_record", dataverse: "_told"}
MOMENTS = ("LastModifiedDate", "updatedAt", "modifiedon")


def spoil(side: FarSide, task: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what this side tells of a task be nothing that it should tell."""
    with side.lock:
        if isinstance(side, FhirServer):
            for each in side.store.held.values():
                if each.get("identifier", [{}])[0].get("value") == str(task):
                    each["owner"] = "Cleo There"
        elif isinstance(side, OpenMrs):
            side.held[str(task)]["owner"] = "Cleo There"
        elif isinstance(side, Crm):
            (broken,) = (row.id for row in side.find(str(task)))
            for module, name in TELLS.items():
                monkeypatch.setattr(module, name, spoiled(getattr(module, name), broken))


def spoiled(tell: Any, broken: str) -> Any:
    def told(row: Any, *more: Any) -> dict[str, Any]:
        found = dict(tell(row, *more))
        return found if row.id != broken else found | dict.fromkeys(MOMENTS, "soon")

    return told


def test_a_broken_record_keeps_no_other_back(
    two_way: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor: str | None = None
    works = [full() for _ in range(4)]
    begun = two_way.connector.changes(None, datetime.now(UTC))
    assert isinstance(begun, Changes)
    for work in works:
        put(two_way.connector, work)
        two_way.side.edit(work.task, owner="Grace Hopper")
    spoil(two_way.side, works[1].task, monkeypatch)
    cursor, more, seen, unread = begun.cursor, True, set(), set()
    while more:
        told = two_way.connector.changes(cursor, datetime.now(UTC))
        assert isinstance(told, Changes), told
        seen |= {each.task for each in told.items}
        unread |= {each.task for each in told.unread}
        cursor, more = told.cursor, told.more
    assert seen == {work.task for work in works if work is not works[1]}
    assert unread == {works[1].task}


def test_half_a_character_keeps_nobody_back(two_way: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of an emoji that was cut in two; JSON may have it, UTF-8 has not."""
    monkeypatch.setattr(JSONResponse, "render", lambda _, content: json.dumps(content).encode())
    begun = two_way.connector.changes(None, datetime.now(UTC))
    assert isinstance(begun, Changes)
    works = [full() for _ in range(2)]
    for work, note in zip(works, ("She is well \ud83d", "She is well"), strict=True):
        put(two_way.connector, work)
        end = {
            "urgency": "hospital_today",
            "outcome": "visit_booked",
            "actionable": True,
            "note": note,
        }
        two_way.side.edit(work.task, status="completed", end=end)
    cursor, more, seen = begun.cursor, True, set()
    while more:
        told = two_way.connector.changes(cursor, datetime.now(UTC))
        assert isinstance(told, Changes), told
        assert not told.unread
        seen |= {each.task for each in told.items}
        cursor, more = told.cursor, told.more
    assert seen == {work.task for work in works}


def test_a_text_that_is_none_is_not_understood() -> None:
    for content in (b"<html>", b"\xff", b"[" * 100_000, b"9" * 5000, b'{"id": "\\ud83d"}'):
        answer = httpx.Response(200, content=content)
        assert parsed(answer, hubspot_api.Record) == Later("not_understood")


@pytest.mark.parametrize(
    "broken",
    [
        *(None, 1, "x", [], {"id": 1}),
        {"task": "x", "id": 5},
        {"task": "x", "id": "y" * (LONGEST + 1)},
        {"task": "x", "id": "y", "version": 3},
        {"task": "x", "id": "half \ud83d"},
        {"task": "x", "id": "y", "version": "half \ud83d"},
        {"task": "x", "id": "y", "at": "9999-12-31T23:59:59-14:00"},
        {"task": "x", "id": "y", "at": "0001-01-01T00:00:00+14:00"},
    ],
    ids=ascii,
)
def test_whatever_a_record_is_it_is_read_or_told(broken: Any) -> None:
    key = UUID(int=1)

    def read(record: Any) -> Remote:
        at = datetime.fromisoformat(record.get("at", "2026-11-22T12:00:00Z"))
        return Remote(key, record["id"], record.get("version"), at)

    good = {"id": "good"}
    found = read_each([broken, good, broken], read, lambda record: key if record["task"] else None)
    assert [each.remote_id for each in found.items] == ["good"]
    first, second = found.unread
    assert first == second
    assert first.task == (key if isinstance(broken, dict) and "task" in broken else None)


def test_a_question_is_never_of_a_time_that_is_none() -> None:
    times = ["2026-11-22T12:00:00Z", "soon", "9999-12-31T23:59:59-14:00"]
    assert last_changed(times, datetime.fromisoformat) == datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert last_changed(times[1:], datetime.fromisoformat) is None


@pytest.fixture(scope="module")
def shared(embedded_url: str, template: str) -> Iterator[Database]:
    with copied(embedded_url, template) as database:
        yield database


def test_what_cannot_be_read_is_seen_once_and_read_when_it_is_mended(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, now = make_site(shared), datetime.now(UTC)
    with FhirServer() as side, shared.connect(autocommit=True) as connection:
        common = Common(kind="fhir", organisation=site.organisation, rate_per_minute=6000)
        entry = Entry("ehr", common, kinds()["fhir"].build(side.table()))
        register(connection, [entry.row()])

        def settle() -> None:
            nonlocal now
            for _ in range(40):
                now += timedelta(seconds=4)
                side.faults.skew = now - datetime.now(UTC)
                Courier(entry, "https://console.example").look(connection, now)

        take_pressures(site, shared, (184, 112, 3), (186, 114, 2))
        take_glucoses(site, shared, ("52", 1))
        evaluate(shared)
        settle()
        broken, other = (row["id"] for row in rows(shared, "SELECT id FROM task ORDER BY id"))
        side.edit(broken, status="in-progress", owner="Grace Hopper")
        side.edit(other, status="in-progress", owner="Grace Hopper")
        spoil(side, broken, monkeypatch)
        settle()
        owners = "SELECT id, owner FROM task ORDER BY id"
        assert [row["owner"] for row in rows(shared, owners)] == [None, "Grace Hopper"]
        found = find_connector(connection, now, "ehr")
        assert (found.state, found.refused) == ("well", 1)
        (line,) = not_done(connection, entry.id)
        assert (line.task_id, line.state, line.reason) == (broken, "refused", CANNOT_BE_READ)
        query = "SELECT count(*) AS n FROM alert_event WHERE event = 'refused_elsewhere'"
        assert one(shared, query)["n"] == 1
        task = next(each for each in side.store.held.values() if each.get("owner") == "Cleo There")
        task["owner"] = {"display": "Grace Hopper"}
        side.edit(broken, status="on-hold")
        settle()
        assert [row["owner"] for row in rows(shared, owners)] == ["Grace Hopper"] * 2
