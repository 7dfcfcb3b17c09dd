"""Nobody takes more than a share: exports leave room on the disk, organisations take turns."""

import shutil
from collections import namedtuple
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from gateway.fhir import export_rows
from gateway.fhir.export import Exports
from gateway.fhir.hook import Hook
from gateway.fhir.tell import Teller
from gateway.fhir.turns import Turns
from tests.integration.alerting.homes import rows
from tests.integration.fhir.conftest import Facade
from tests.integration.fhir.exports import ASYNC, begin, home, work

Usage = namedtuple("Usage", "total used free")
SUBSCRIBE = """
INSERT INTO fhir_subscription (id, organisation_id, who, reason, criteria, endpoint, looked_until,
    created_at, next_action_at)
SELECT %s, organisation_id, id, 'turns', 'Task', 'https://a.example/', %s, %s, %s
FROM program WHERE organisation_id = %s LIMIT 1"""


def test_where_there_is_no_room_none_is_begun(fhir: Facade) -> None:
    state = fhir.console.app.state
    desk = state.desk
    more_than_any_disk = desk.settings.model_copy(update={"fhir_export_leaves_mb": 10**12})
    state.desk = replace(desk, settings=more_than_any_disk)
    try:
        answer = fhir.ask("$export", headers=ASYNC)
    finally:
        state.desk = desk
    assert answer.status_code == 507
    (issue,) = answer.json()["issue"]
    assert (issue["code"], issue["details"]["text"]) == ("no-store", "export_no_room")


def test_one_that_fills_the_disk_ends_and_says_why(
    fhir: Facade, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = begin(fhir, "$export?_type=Observation")
    left = iter([5, 5, 1])  # MB: before it begins, after each row
    monkeypatch.setattr(export_rows, "AT_ONCE", 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, next(left) * 1_000_000))
    exports = Exports(home(fhir), fhir.console.database, leaves_mb=2)
    with fhir.console.database.connect(autocommit=True) as connection, capture_logs() as logs:
        assert exports.look(connection, datetime.now(UTC)) == 1
    monkeypatch.undo()
    assert [each["event"] for each in logs] == ["export_no_room"]
    assert not (home(fhir) / "exports" / where.rpartition("/")[2]).exists()
    answer = fhir.ask(where)
    assert answer.status_code == 507
    assert answer.json()["issue"][0]["details"]["text"] == "export_no_room"
    assert work(fhir) == 0, "it is not tried again by itself"


def test_the_next_one_goes_when_there_is_room(fhir: Facade) -> None:
    where = begin(fhir, "$export?_type=Patient")
    assert work(fhir) == 1
    assert fhir.ask(where).status_code == 200
    assert fhir.ask(where, method="DELETE").status_code == 202
    work(fhir)


def test_the_turns_go_round() -> None:
    turns, (one, two) = Turns(), (uuid4(), uuid4())
    for each in (one, two, one, one):
        turns.took(each)
    assert turns.had == [two, one]


def test_who_exports_much_lets_others_export(fhir: Facade) -> None:
    many = [begin(fhir, "$export?_type=Patient") for _ in range(4)]
    few = begin(fhir, "$export?_type=Patient", which=1)
    exports = Exports(home(fhir), fhir.console.database)
    with fhir.console.database.connect(autocommit=True) as connection:
        for _ in range(2):
            assert exports.look(connection, datetime.now(UTC)) == 1
    assert fhir.ask(few, which=1).status_code == 200
    assert [fhir.ask(each).status_code for each in many] == [200, 202, 202, 202]
    work(fhir)
    for where in many:
        assert fhir.ask(where, method="DELETE").status_code == 202
    assert fhir.ask(few, which=1, method="DELETE").status_code == 202
    work(fhir)


def test_who_has_dead_endpoints_lets_others_be_told(fhir: Facade) -> None:
    database, now = fhir.console.database, datetime.now(UTC)
    made: list[UUID] = []
    with database.transaction() as connection:
        for n, which in enumerate((0, 0, 0, 1)):
            fhir.key(which=which)
            made.append(uuid4())
            due = now - timedelta(minutes=9 - n)
            place = fhir.console.organisations[which]
            connection.execute(SUBSCRIBE, [made[-1], now, now, due, place])
    teller = Teller(fhir.console.app.state.settings.keys, Hook())
    with database.connect(autocommit=True) as connection:
        for _ in range(2):
            assert teller.look(connection, now) == 1
    query = "SELECT id FROM fhir_subscription WHERE status = 'active' AND id = ANY(%s)"
    told = {row["id"] for row in rows(database, query, [made])}
    assert told == {made[0], made[3]}
    with database.transaction() as connection:
        connection.execute("DELETE FROM fhir_subscription WHERE id = ANY(%s)", [made])
