"""What could have kept somebody from being told: taken before, taken back, snoozed, unreadable."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from alerting.model import Severity
from alerting.pipeline.group import Joined
from alerting.pipeline.route import Recipient
from alerting.ports import Purpose
from gateway.care.deliver import Delivery
from gateway.care.snoozes import snooze_task
from gateway.care.tasks import accept_task
from gateway.life import live
from gateway.storage import notifications
from gateway.storage.database import Database
from gateway.storage.suppressed import list_suppressed
from tests.fixtures.site import make_site
from tests.integration.alerting.homes import one, rows, take_glucoses, take_pressures
from tests.integration.alerting.life import Clinic
from tests.integration.alerting.test_escalation import technical

TASKS = "SELECT rule_key || ' ' || status AS t FROM task ORDER BY created_at, rule_key"


@pytest.fixture
def clinic(embedded_database: Database) -> Clinic:
    clinic = Clinic(embedded_database, make_site(embedded_database))
    clinic.roster()
    return clinic


def task_of(clinic: Clinic, rule: str) -> UUID:
    found: UUID = one(clinic.database, "SELECT id FROM task WHERE rule_key = %s", [rule])["id"]
    return found


def change(clinic: Clinic, statement: str) -> None:
    with clinic.database.transaction() as connection:
        connection.execute(statement)


def test_a_task_that_somebody_took_rings_when_it_becomes_worse(clinic: Clinic) -> None:
    take_glucoses(clinic.site, clinic.database, ("66", 2))
    clinic.evaluate()
    clinic.live()
    with clinic.database.transaction() as connection:
        accept_task(connection, task_of(clinic, "glucose_low"), "nurse", clinic.now)
    clinic.wait(minutes=1)
    assert clinic.told() == ["nurse new P2 1"]
    take_glucoses(clinic.site, clinic.database, ("50", 1))
    clinic.evaluate()
    clinic.live()
    assert clinic.told() == ["nurse new P1 1"]
    clinic.wait(minutes=29, seconds=59)
    assert clinic.told() == []  # it is still theirs
    clinic.wait(seconds=1)
    assert clinic.told() == ["lead overdue P1 1"]


def test_who_is_in_no_digest_any_more_gets_a_message(clinic: Clinic) -> None:
    clinic.roster(digest={"most": 1})
    clinic.now = datetime(2026, 11, 18, 12, 10, tzinfo=UTC)
    technical(clinic, 2)
    clinic.live()
    change(
        clinic,
        "UPDATE notification SET state = 'cancelled', next_action_at = NULL"
        " WHERE purpose = 'digest'",
    )
    technical(clinic, 1)
    clinic.live()
    clinic.told()
    clinic.wait(minutes=50)
    assert clinic.told() == ["nurse digest P3 1"]


def test_a_flood_holds_no_new_p1_up(clinic: Clinic) -> None:
    technical(clinic, 3)
    delivery = Delivery({"sms": clinic.post})
    with clinic.database.connect(autocommit=True) as connection:
        while live(connection, clinic.now):
            pass
        assert delivery.deliver(connection, clinic.now) == 1
        clinic.now += timedelta(seconds=15)  # the channel was slow
        take_glucoses(clinic.site, clinic.database, ("50", 1))
        clinic.evaluate()
        live(connection, clinic.now)
        delivery.deliver(connection, clinic.now)
    assert clinic.told() == ["nurse new P3 1", "nurse new P1 1"]


def test_a_message_that_tells_nobody_any_more_stands_for_nothing(clinic: Clinic) -> None:
    message, to = uuid4(), Recipient("sms", "nurse", "nurse")
    place = (clinic.site.organisation, clinic.site.patient)
    first = notifications.Telling(*place, uuid4(), None, Severity.P1, Purpose.NEW, 1)
    second = notifications.Telling(*place, uuid4(), None, Severity.P1, Purpose.NEW, 1)
    row = """INSERT INTO notification (id, organisation_id, tasks, channel, address, purpose,
            priority, language, state, created_at)
        VALUES (%s, %s, ARRAY[%s::uuid], 'sms', 'nurse', 'new', 'P1', 'en', 'dead', %s)"""
    joined = [Joined(to, message, first.task, "told with another P1 task")]
    with clinic.database.transaction() as connection:
        connection.execute(row, [message, place[0], first.task, clinic.now])
        assert notifications.join(connection, second, joined, clinic.now) == [to]
        assert list_suppressed(connection) == ()
    sent = "UPDATE notification SET state = 'sent', sent_at = created_at"
    with clinic.database.transaction() as connection:
        connection.execute(sent)
        assert notifications.join(connection, second, joined, clinic.now) == []


def test_a_snoozed_task_is_listed_and_what_it_held_back_comes(clinic: Clinic) -> None:
    take_pressures(clinic.site, clinic.database, (84, 55, 1))
    clinic.evaluate()
    clinic.live()
    change(
        clinic,
        """UPDATE alert SET explanation = jsonb_set(explanation, '{parameters,kind}', '"gone"')
        WHERE rule_key = 'diastolic_low'""",  # of a program that knew other kinds
    )
    assert [row["t"] for row in rows(clinic.database, TASKS)] == ["systolic_low requested"]
    with clinic.database.transaction() as connection:
        task, length = task_of(clinic, "systolic_low"), timedelta(hours=2)
        snooze_task(connection, task, "N. Night", "at dialysis", length, clinic.now)
        held = {(each.rule_key, each.what) for each in list_suppressed(connection)}
    assert held == {("systolic_low", "snoozed"), ("diastolic_low", "inhibited")}
    clinic.live()
    assert [row["t"] for row in rows(clinic.database, TASKS)] == [
        "diastolic_low requested",
        "systolic_low requested",
    ]


def test_a_roster_that_cannot_be_read_leaves_the_console(clinic: Clinic) -> None:
    change(clinic, "UPDATE roster SET body = '{}'")
    take_glucoses(clinic.site, clinic.database, ("50", 1))
    clinic.evaluate()
    clinic.live()
    assert one(clinic.database, "SELECT channel FROM notification") == {"channel": "console"}
