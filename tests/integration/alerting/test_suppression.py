"""What is held back gets no task, is listed with its reason, and gets its task when that ends."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from gateway.care.dispositions import Disposition, Outcome, Urgency
from gateway.care.snoozes import snooze_task, wake_task
from gateway.care.tasks import accept_task, complete_task
from gateway.errors import Conflict, WrongInput
from gateway.storage.database import Database
from gateway.storage.suppressed import list_suppressed
from tests.fixtures.site import make_site
from tests.integration.alerting.homes import one, rows, take_glucoses, take_pressures
from tests.integration.alerting.life import Clinic

TASKS = """SELECT rule_key || ' ' || priority || ' ' || status AS t FROM task
ORDER BY created_at, rule_key"""
HOURS = timedelta(hours=1)
WEEK = {"ask_again": "P7D"}
REST = """INSERT INTO rule_override (id, organisation_id, rule_key, changes, reason, author,
    valid_from) VALUES (gen_random_uuid(), %s, %s, %s, 'agreed', 'Dr Example', '2020-01-01')"""


@pytest.fixture
def clinic(embedded_database: Database) -> Clinic:
    clinic = Clinic(embedded_database, make_site(embedded_database))
    clinic.roster()
    return clinic


def tasks(clinic: Clinic) -> list[str]:
    return [row["t"] for row in rows(clinic.database, TASKS)]


def suppressed(clinic: Clinic, *, ended: bool = False) -> list[str]:
    with clinic.database.transaction() as connection:
        found = list_suppressed(connection, ended=ended)
    return [f"{each.rule_key} {each.severity} {each.what} {each.end_reason}" for each in found]


def task_of(clinic: Clinic, rule: str) -> UUID:
    found: Any = one(clinic.database, "SELECT id FROM task WHERE rule_key = %s", [rule])["id"]
    return UUID(str(found))


def snooze(clinic: Clinic, rule: str, hours: float, **more: Any) -> None:
    with clinic.database.transaction() as connection:
        task = task_of(clinic, rule)
        length = timedelta(hours=hours)
        snooze_task(connection, task, "N. Night", "at dialysis", length, clinic.now, **more)


def test_a_milder_alert_waits_for_the_worse_ones_task(clinic: Clinic) -> None:
    take_pressures(clinic.site, clinic.database, (84, 55, 1))
    clinic.evaluate()
    assert tasks(clinic) == ["systolic_low P2 requested"]
    assert suppressed(clinic) == ["diastolic_low P3 inhibited None"]
    with clinic.database.transaction() as connection:
        assert list_suppressed(connection, organisation=clinic.site.patient) == ()
    alerts = "SELECT rule_key, state, task_id IS NULL AS alone FROM alert ORDER BY 1"
    assert rows(clinic.database, alerts) == [
        {"rule_key": "diastolic_low", "state": "open", "alone": True},
        {"rule_key": "systolic_low", "state": "open", "alone": False},
    ]
    clinic.wait(hours=1)
    assert len(tasks(clinic)) == 1
    # The worse one is closed by a person while both go on: now the milder one is somebody's.
    with clinic.database.transaction() as connection:
        task = task_of(clinic, "systolic_low")
        accept_task(connection, task, "nurse", clinic.now)
        end = Disposition(urgency=Urgency.SELF_CARE, outcome=Outcome.NO_ACTION, actionable=False)
        complete_task(connection, task, "nurse", end, clinic.now)
    clinic.live()
    assert tasks(clinic) == ["systolic_low P2 completed", "diastolic_low P3 requested"]
    assert suppressed(clinic, ended=True)[0] == "diastolic_low P3 inhibited its task was opened"
    told = one(clinic.database, "SELECT readings, sentence FROM task WHERE priority = 'P3'")
    assert told["readings"] == 1
    assert told["sentence"].startswith("Diastolic 55 mmHg ")


def test_it_also_gets_its_task_when_the_worse_alert_is_over(clinic: Clinic) -> None:
    take_pressures(clinic.site, clinic.database, (84, 55, 3))
    clinic.evaluate()
    take_pressures(clinic.site, clinic.database, (110, 54, 2), (112, 54, 1))
    clinic.evaluate()
    clinic.live()
    # P2 stays with a note for whoever takes it; P3 had more evidence when it was let go.
    assert tasks(clinic) == ["diastolic_low P3 requested", "systolic_low P2 requested"]
    assert suppressed(clinic) == ["diastolic_low P3 grouped None"]  # one message for both


def test_what_is_over_before_gets_no_task(clinic: Clinic) -> None:
    take_pressures(clinic.site, clinic.database, (84, 55, 3))
    clinic.evaluate()
    take_pressures(clinic.site, clinic.database, (84, 70, 2), (84, 70, 1))
    clinic.evaluate()
    clinic.wait(hours=2)
    assert len(tasks(clinic)) == 1
    assert suppressed(clinic, ended=True)[0] == (
        "diastolic_low P3 inhibited the alert was resolved"
    )


def test_a_snoozed_task_is_quiet_and_rings_when_the_snooze_ends(clinic: Clinic) -> None:
    take_glucoses(clinic.site, clinic.database, ("66", 2))
    clinic.evaluate()
    clinic.live()
    assert clinic.told() == ["nurse new P2 1"]
    snooze(clinic, "glucose_low", 2)
    take_glucoses(clinic.site, clinic.database, ("65", 1))
    clinic.evaluate()
    clinic.wait(hours=1, minutes=59)
    assert clinic.told() == []
    clinic.wait(minutes=1)
    assert clinic.told() == ["nurse reminder P2 1"]


def test_what_gets_worse_breaks_through_a_snooze(clinic: Clinic) -> None:
    take_glucoses(clinic.site, clinic.database, ("66", 2))
    clinic.evaluate()
    clinic.live()
    snooze(clinic, "glucose_low", 4)
    clinic.told()
    take_glucoses(clinic.site, clinic.database, ("50", 1))
    clinic.evaluate()
    clinic.live()
    assert tasks(clinic) == ["glucose_low P1 requested"]
    assert clinic.told() == ["nurse new P1 1"]


def test_a_high_snooze_never_hides_a_low(clinic: Clinic) -> None:
    take_glucoses(clinic.site, clinic.database, ("320", 2))
    clinic.evaluate()
    snooze(clinic, "glucose_high", 4, whole_component=True)
    take_glucoses(clinic.site, clinic.database, ("60", 1))
    clinic.evaluate()
    clinic.live()
    assert clinic.told() == ["nurse new P2 1"]


def test_a_new_alert_under_a_snooze_waits_for_its_end(clinic: Clinic) -> None:
    take_pressures(clinic.site, clinic.database, (120, 55, 5))
    clinic.evaluate()
    snooze(clinic, "diastolic_low", 20)
    take_pressures(clinic.site, clinic.database, (120, 70, 4), (120, 70, 3))
    clinic.evaluate()
    assert tasks(clinic) == ["diastolic_low P3 cancelled"]
    take_pressures(clinic.site, clinic.database, (120, 54, 2))
    clinic.evaluate()
    assert len(tasks(clinic)) == 1
    assert suppressed(clinic) == ["diastolic_low P3 snoozed None"]
    told = one(clinic.database, "SELECT reason, until FROM suppression WHERE ended_at IS NULL")
    assert told == {
        "reason": "snoozed by N. Night: at dialysis",
        "until": clinic.now + timedelta(hours=20),
    }
    clinic.wait(hours=19.9)
    assert len(tasks(clinic)) == 1
    clinic.wait(hours=0.1)
    assert tasks(clinic)[1:] == ["diastolic_low P3 requested"]


def test_who_wakes_it_hears_of_it_at_once(clinic: Clinic) -> None:
    take_glucoses(clinic.site, clinic.database, ("66", 2))
    clinic.evaluate()
    clinic.live()
    snooze(clinic, "glucose_low", 4)
    clinic.told()
    clinic.wait(hours=1)
    with clinic.database.transaction() as connection:
        assert wake_task(connection, task_of(clinic, "glucose_low"), "nurse", clinic.now) == 1
    clinic.live()
    assert clinic.told() == ["nurse reminder P2 1"]


def test_a_snooze_has_an_end_and_a_reason(clinic: Clinic) -> None:
    take_glucoses(clinic.site, clinic.database, ("66", 2))
    clinic.evaluate()
    with pytest.raises(WrongInput, match="ends within 4 hours"):
        snooze(clinic, "glucose_low", 4.1)
    with pytest.raises(WrongInput, match="needs a reason"), clinic.database.connect() as connection:
        snooze_task(connection, task_of(clinic, "glucose_low"), "me", " ", HOURS, clinic.now)
    insert = """INSERT INTO snooze (id, organisation_id, patient_id, rule_key, direction, up_to,
            owner, reason, since, until)
        SELECT gen_random_uuid(), organisation_id, patient_id, rule_key, direction, 'P1', 'me',
            'a mistake', now(), now() + interval '5 hours' FROM task"""
    with clinic.database.connect() as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(insert)
    with clinic.database.transaction() as connection:
        connection.execute("UPDATE task SET direction = NULL")
    with pytest.raises(Conflict, match="no rule with a direction"):
        snooze(clinic, "glucose_low", 1)


def complete(clinic: Clinic, rule: str, outcome: Outcome = Outcome.TECHNIQUE_TAUGHT) -> None:
    attempts = 1 if outcome is Outcome.NO_ANSWER else None
    said = Disposition(
        urgency=Urgency.SELF_CARE, outcome=outcome, actionable=True, attempts=attempts
    )
    with clinic.database.transaction() as connection:
        task = task_of(clinic, rule)
        accept_task(connection, task, "N. Night", clinic.now)
        complete_task(connection, task, "N. Night", said, clinic.now)


def test_who_was_answered_is_asked_again_after_four_hours(clinic: Clinic) -> None:
    take_pressures(clinic.site, clinic.database, (184, 85, 6))
    clinic.evaluate()
    complete(clinic, "systolic_high")
    take_pressures(clinic.site, clinic.database, (186, 85, 5))
    clinic.evaluate()
    assert tasks(clinic) == ["systolic_high P2 completed"]
    assert suppressed(clinic) == ["systolic_high P2 answered None"]
    clinic.wait(hours=3.9)
    assert len(tasks(clinic)) == 1
    clinic.wait(hours=0.2)
    assert tasks(clinic) == ["systolic_high P2 completed", "systolic_high P2 requested"]


def test_a_rule_may_ask_again_later_while_nothing_gets_worse(clinic: Clinic) -> None:
    with clinic.database.transaction() as connection:
        connection.execute(REST, [clinic.site.organisation, "systolic_high", Jsonb(WEEK)])
    take_pressures(clinic.site, clinic.database, (184, 85, 6))
    clinic.evaluate()
    complete(clinic, "systolic_high")
    take_pressures(clinic.site, clinic.database, (186, 85, 5))
    clinic.evaluate()
    held = one(clinic.database, "SELECT what, until FROM suppression WHERE ended_at IS NULL")
    assert held == {"what": "answered", "until": clinic.now + timedelta(days=7)}
    clinic.wait(days=6.9)
    assert tasks(clinic) == ["systolic_high P2 completed"]
    clinic.wait(days=0.2)
    assert tasks(clinic) == ["systolic_high P2 completed", "systolic_high P2 requested"]


def test_what_nobody_answered_asks_again_at_once(clinic: Clinic) -> None:
    take_pressures(clinic.site, clinic.database, (184, 85, 6))
    clinic.evaluate()
    complete(clinic, "systolic_high", Outcome.NO_ANSWER)
    take_pressures(clinic.site, clinic.database, (186, 85, 5))
    clinic.evaluate()
    assert tasks(clinic) == ["systolic_high P2 completed", "systolic_high P2 requested"]


def test_another_episode_asks_at_once(clinic: Clinic) -> None:
    take_pressures(clinic.site, clinic.database, (184, 85, 6))
    clinic.evaluate()
    complete(clinic, "systolic_high")
    take_pressures(clinic.site, clinic.database, (150, 85, 5), (150, 85, 4))
    clinic.evaluate()
    take_pressures(clinic.site, clinic.database, (186, 85, 3))
    clinic.evaluate()
    assert tasks(clinic) == ["systolic_high P2 completed", "systolic_high P2 requested"]


def test_what_is_worse_than_the_answer_asks_at_once(clinic: Clinic) -> None:
    take_glucoses(clinic.site, clinic.database, ("65", 6))
    clinic.evaluate()
    complete(clinic, "glucose_low")
    take_glucoses(clinic.site, clinic.database, ("64", 5))
    clinic.evaluate()
    assert tasks(clinic) == ["glucose_low P2 completed"]
    take_glucoses(clinic.site, clinic.database, ("50", 4))
    clinic.evaluate()
    assert tasks(clinic) == ["glucose_low P2 completed", "glucose_low P1 requested"]
