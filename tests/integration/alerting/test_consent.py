"""A patient agrees no more: one task for people, no waiting for readings; what comes is judged."""

from datetime import datetime
from uuid import UUID

import pytest

from gateway.care.consent import AGREED_AGAIN, WITHDRAWN_AGAIN, give, withdraw
from gateway.care.tasks import accept_task
from gateway.storage.consents import By, NewConsent
from gateway.storage.database import Database
from tests.fixtures.site import Site, make_site
from tests.integration.alerting.homes import ago, evaluate, one, rows, take_pressures
from tests.integration.alerting.test_silence import beat, day, expect, look, silence, told

BEA = By("Bea")
TASK = """
SELECT queue, priority, status, title FROM task WHERE rule_key = 'consent_withdrawn'
ORDER BY created_at"""

NOTED = """
SELECT actor, detail ->> 'note' AS note FROM alert_event WHERE event = 'task_noted' ORDER BY at"""


@pytest.fixture
def home(embedded_database: Database) -> Site:
    return make_site(embedded_database)


def agree(database: Database, site: Site, at: datetime) -> UUID:
    with database.transaction() as connection:
        yes = NewConsent(at, "verbal", "2026-11", "en")
        return give(connection, site.patient, yes, BEA, at)


def agree_no_more(database: Database, site: Site, consent: UUID, at: datetime) -> None:
    with database.transaction() as connection:
        withdraw(connection, site.patient, consent, "verbal", BEA, at)


def test_a_withdrawal_is_one_task_until_they_agree_again(
    embedded_database: Database, home: Site
) -> None:
    database = embedded_database
    agree_no_more(database, home, agree(database, home, ago(9)), ago(8))
    task = {"queue": "adherence", "priority": "P3", "title": "Consent withdrawn"}
    assert rows(database, TASK) == [task | {"status": "requested"}]
    event = one(database, "SELECT event, actor FROM alert_event")
    assert event == {"event": "task_requested", "actor": "Bea"}
    again = agree(database, home, ago(7))
    assert rows(database, TASK) == [task | {"status": "cancelled"}]
    agree_no_more(database, home, again, ago(6))
    assert [row["status"] for row in rows(database, TASK)] == ["cancelled", "requested"]


def test_who_has_taken_it_reads_last_what_holds(embedded_database: Database, home: Site) -> None:
    database = embedded_database
    agree_no_more(database, home, agree(database, home, ago(9)), ago(8))
    with database.transaction() as connection:
        accept_task(connection, one(database, "SELECT id FROM task")["id"], "Ada", ago(7))
    agree_no_more(database, home, agree(database, home, ago(6)), ago(5))
    assert [row["status"] for row in rows(database, TASK)] == ["accepted"]
    assert rows(database, NOTED) == [
        {"actor": "worker", "note": AGREED_AGAIN},
        {"actor": "Bea", "note": WITHDRAWN_AGAIN},
    ]


def test_nothing_that_comes_is_lost(embedded_database: Database, home: Site) -> None:
    database = embedded_database
    agree_no_more(database, home, agree(database, home, ago(9)), ago(8))
    take_pressures(home, database, (184, 85, 1))
    assert evaluate(database) == 1
    assert one(database, "SELECT state FROM alert") == {"state": "open"}
    assert one(database, "SELECT count(*) AS n FROM task") == {"n": 2}


def test_nobody_waits_for_who_agrees_no_more(embedded_database: Database, home: Site) -> None:
    database = embedded_database
    consent = agree(database, home, day(0))
    expect(database, home)
    beat(home, database, day(4))
    look(database, day(4))
    assert silence(database).step == "task"
    agree_no_more(database, home, consent, day(4, 8))
    for count in (5, 30):
        beat(home, database, day(count))
        look(database, day(count))
    ended = one(database, "SELECT ended_at, end_reason FROM silence")
    assert ended == {
        "ended_at": day(5),
        "end_reason": "the patient agrees no more to be monitored",
    }
    assert ("adherence:blood_pressure", "adherence", "P4", "cancelled") in told(database)
    agree(database, home, day(30))
    beat(home, database, day(32))
    look(database, day(32))
    assert (silence(database).step, silence(database).missed) == ("remind", 1)
