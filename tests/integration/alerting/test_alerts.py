"""From a stored reading to alert, task, history and the record of its evaluation."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from gateway.care.tasks import accept_task, list_tasks
from gateway.storage.database import Database
from gateway.storage.rules import RuleChanged, load_packs
from tests.fixtures.site import Site, make_site
from tests.integration.alerting.homes import (
    ago,
    evaluate,
    one,
    rows,
    take_glucoses,
    take_pressures,
)

ALERTS = (
    "SELECT rule_key, severity, peak_severity AS peak, state FROM alert ORDER BY rule_key, since"
)
TASKS = "SELECT rule_key, priority, status FROM task ORDER BY rule_key, created_at"
EVENTS = "SELECT event FROM alert_event ORDER BY id"


def told(database: Database, query: str) -> list[str]:
    return [" ".join(map(str, row.values())) for row in rows(database, query)]


def test_a_reading_beyond_its_limit_opens_one_alert_and_one_task(
    database: Database, site: Site
) -> None:
    take_pressures(site, database, (184, 85, 1))
    assert evaluate(database) == 1
    assert told(database, ALERTS) == ["systolic_high P2 P2 open"]
    (task,) = rows(database, "SELECT * FROM task")
    assert (task["priority"], task["status"], task["queue"]) == ("P2", "requested", "clinical")
    assert task["due_ack_at"] - task["created_at"] == timedelta(hours=1)
    assert task["due_at"] - task["created_at"] == timedelta(hours=4)
    assert task["sentence"].startswith("Systolic 184 mmHg at ")
    assert task["sentence"].endswith(" is at or above 180.")
    alert = one(database, "SELECT * FROM alert")
    assert (alert["task_id"], alert["id"]) == (task["id"], task["alert_id"])
    assert alert["explanation"]["parameters"]["bands"]["P2"]["mm[Hg]"] == ">= 180"
    assert told(database, EVENTS) == ["opened", "task_requested"]
    record = one(database, "SELECT rules, findings, late, times FROM evaluation")
    assert record == {"rules": 4, "findings": 1, "late": 0, "times": 1}
    assert rows(database, "SELECT FROM duty") == []
    assert evaluate(database) == 0


def test_a_good_reading_is_evaluated_too(database: Database, site: Site) -> None:
    take_pressures(site, database, (120, 80, 1))
    evaluate(database)
    assert one(database, "SELECT rules, findings FROM evaluation") == {"rules": 4, "findings": 0}
    assert told(database, ALERTS) == []


def test_more_evidence_raises_alert_and_task(database: Database, site: Site) -> None:
    take_glucoses(site, database, ("66", 3))
    evaluate(database)
    before = one(database, "SELECT due_at FROM task")
    take_glucoses(site, database, ("50", 2))
    evaluate(database)
    assert told(database, ALERTS) == ["glucose_low P1 P1 open"]
    task = one(database, "SELECT priority, due_at, sentence, evidence FROM task")
    assert task["priority"] == "P1"
    assert task["due_at"] < before["due_at"]
    assert "50 mg/dL" in task["sentence"]
    assert [each["severity"] for each in task["evidence"]] == ["P2", "P1"]


def test_urgent_tasks_stay_with_a_note_when_the_readings_are_back(
    database: Database, site: Site
) -> None:
    for number, hours in (("50", 3), ("100", 2), ("101", 1)):
        take_glucoses(site, database, (number, hours))
        evaluate(database)
    assert told(database, ALERTS) == ["glucose_low P1 P1 resolved"]
    assert told(database, TASKS) == ["glucose_low P1 requested"]
    assert told(database, EVENTS)[-2:] == ["resolved", "task_noted"]
    alert = one(database, "SELECT until FROM alert")
    assert alert["until"] == ago(1)


@pytest.mark.parametrize("together", [True, False])
def test_untouched_p3_tasks_end_when_the_readings_are_back(
    database: Database, site: Site, together: bool
) -> None:
    pressures = [(120, 55, 3.0), (120, 70, 2.0), (120, 71, 1.0)]
    for part in [pressures] if together else [[each] for each in pressures]:
        take_pressures(site, database, *part)
        evaluate(database)
    assert told(database, ALERTS) == ["diastolic_low P3 P3 resolved"]
    assert told(database, TASKS) == ["diastolic_low P3 cancelled"]
    assert one(database, "SELECT closed_reason FROM task") == {
        "closed_reason": "readings back in range"
    }


def test_an_end_that_late_data_take_back_gives_the_task_back(
    database: Database, site: Site
) -> None:
    for pressure in ((120, 55, 4), (120, 70, 3), (120, 71, 1), (120, 61, 2)):
        take_pressures(site, database, pressure)
        evaluate(database)
    assert told(database, ALERTS) == ["diastolic_low P3 P3 open"]
    assert told(database, TASKS) == ["diastolic_low P3 cancelled", "diastolic_low P3 requested"]
    take_pressures(site, database, (120, 72, 0.5))
    evaluate(database)
    assert told(database, ALERTS) == ["diastolic_low P3 P3 resolved"]
    assert told(database, TASKS) == ["diastolic_low P3 cancelled"] * 2


def test_p3_tasks_that_somebody_took_stay(database: Database, site: Site) -> None:
    take_pressures(site, database, (120, 55, 3))
    evaluate(database)
    with database.transaction() as connection:
        (task,) = list_tasks(connection)
        accept_task(connection, task.id, "nurse", datetime.now(UTC))
    take_pressures(site, database, (120, 70, 2), (120, 71, 1))
    evaluate(database)
    assert told(database, TASKS) == ["diastolic_low P3 accepted"]


def test_a_hypo_that_was_over_when_it_arrived_is_not_hidden(database: Database, site: Site) -> None:
    take_glucoses(site, database, ("100", 11), ("48", 10), ("90", 9.5), ("95", 9), ("110", 1))
    evaluate(database)
    assert told(database, ALERTS) == ["glucose_low P1 P1 resolved"]
    assert told(database, TASKS) == ["glucose_low P1 requested"]


def test_old_memory_opens_nothing_and_is_counted(database: Database, site: Site) -> None:
    take_glucoses(site, database, ("48", 51), received=timedelta(hours=49))
    take_glucoses(site, database, ("350", 25), ("66", 24.8), received=timedelta(hours=24.5))
    evaluate(database)
    assert told(database, ALERTS) == []
    counts = "SELECT sum(findings) AS findings, sum(late) AS late FROM evaluation"
    assert one(database, counts) == {"findings": 3, "late": 3}


def test_an_outage_hides_nothing(database: Database, site: Site) -> None:
    """Told to the hub at once, stored days later: the line, the broker or we were away."""
    take_glucoses(site, database, ("66", 25))
    take_pressures(site, database, (120, 55, 200))
    evaluate(database)
    assert told(database, ALERTS) == ["diastolic_low P3 P3 open", "glucose_low P2 P2 open"]
    assert told(database, TASKS) == ["diastolic_low P3 requested", "glucose_low P2 requested"]
    local = f"{ago(25).astimezone(ZoneInfo('Europe/Vienna')):%Y-%m-%d}"
    (said,) = told(database, "SELECT sentence FROM task WHERE rule_key = 'glucose_low'")
    assert f" on {local} " in said


def test_a_memory_of_a_day_opens_p1_and_nothing_else(database: Database, site: Site) -> None:
    take_glucoses(site, database, ("66", 25.5), ("48", 25.2), received=timedelta(hours=25))
    take_pressures(site, database, (184, 85, 1))
    evaluate(database)
    assert told(database, ALERTS) == ["glucose_low P1 P1 open", "systolic_high P2 P2 open"]


def test_a_new_episode_joins_the_task_that_is_still_open(database: Database, site: Site) -> None:
    for number, hours in (("60", 5), ("100", 4), ("101", 3), ("50", 2)):
        take_glucoses(site, database, (number, hours))
        evaluate(database)
    assert told(database, ALERTS) == ["glucose_low P2 P2 resolved", "glucose_low P1 P1 open"]
    assert told(database, TASKS) == ["glucose_low P1 requested"]
    assert one(database, "SELECT count(DISTINCT task_id) AS n FROM alert") == {"n": 1}


def test_an_episode_longer_than_the_window_stays_one_alert(database: Database, site: Site) -> None:
    take_pressures(site, database, (184, 85, 12 + 21 * 24))
    evaluate(database)
    assert told(database, ALERTS) == ["systolic_high P2 P2 open"]
    take_pressures(site, database, (186, 85, 1))
    evaluate(database)
    assert told(database, ALERTS) == ["systolic_high P2 P2 open"]


def test_a_patients_own_limits(database: Database, site: Site) -> None:
    with database.transaction() as connection:
        connection.execute(
            """INSERT INTO rule_override (organisation_id, patient_id, rule_key, changes, reason,
                   author, valid_from)
               VALUES (%s, %s, 'systolic_high',
                   '{"bands": {"P2": {"mm[Hg]": ">= 190", "kPa": ">= 25.3"}}}',
                   'agreed', 'Dr Example', now() - interval '1 day')""",
            [site.organisation, site.patient],
        )
    take_pressures(site, database, (184, 85, 2))
    evaluate(database)
    assert told(database, ALERTS) == []
    take_pressures(site, database, (191, 85, 1))
    evaluate(database)
    assert told(database, ALERTS) == ["systolic_high P2 P2 open"]


def test_limits_that_do_not_fit_the_rule_are_left_out(database: Database, site: Site) -> None:
    with database.transaction() as connection:
        connection.execute(
            """INSERT INTO rule_override (organisation_id, patient_id, rule_key, changes, reason,
                   author, valid_from)
               VALUES (%s, %s, 'systolic_high', '{"bands": {"P2": {"mm[Hg]": "< 190"}}}',
                   'a mistake',
                   'Dr Example', now() - interval '1 day')""",
            [site.organisation, site.patient],
        )
    take_pressures(site, database, (184, 85, 2))
    evaluate(database)
    assert told(database, ALERTS) == ["systolic_high P2 P2 open"]


def test_patients_are_kept_apart(database: Database, site: Site) -> None:
    other = make_site(database)
    take_pressures(site, database, (184, 85, 1))
    take_pressures(other, database, (185, 85, 1))
    evaluate(database)
    assert told(database, ALERTS) == ["systolic_high P2 P2 open"] * 2
    organisations = rows(database, "SELECT organisation_id AS id FROM task")
    assert {row["id"] for row in organisations} == {site.organisation, other.organisation}


TWICE: dict[str, tuple[str, type[Exception]]] = {
    "a second open alert": (
        """INSERT INTO alert (id, organisation_id, patient_id, rule_key, rule_version, direction,
               severity, peak_severity, since, opened_at, updated_at, explanation, sentence)
           SELECT gen_random_uuid(), organisation_id, patient_id, rule_key, rule_version,
               direction, 'P3', 'P3', since, now(), now(), '{}', '' FROM alert""",
        psycopg.errors.UniqueViolation,
    ),
    "a second open task": (
        """INSERT INTO task (id, organisation_id, patient_id, rule_key, direction, queue,
               priority, title, sentence, due_at, created_at)
           SELECT gen_random_uuid(), organisation_id, patient_id, rule_key, direction, queue,
               'P1', '', '', now(), now() FROM task""",
        psycopg.errors.UniqueViolation,
    ),
    "evidence of two alerts": (
        """WITH again AS (
               INSERT INTO alert (id, organisation_id, patient_id, rule_key, rule_version,
                   direction, severity, peak_severity, state, since, opened_at, updated_at,
                   resolved_at, explanation, sentence)
               SELECT gen_random_uuid(), organisation_id, patient_id, rule_key, rule_version,
                   direction, 'P3', 'P3', 'resolved', since, now(), now(), now(), '{}', ''
               FROM alert RETURNING id)
           INSERT INTO alert_reading SELECT a.id, r.reading_id, r.organisation_id, r.patient_id,
               r.measured_at, r.rule_key, r.direction, r.severity, r.late, now()
           FROM alert_reading r, again a""",
        psycopg.errors.UniqueViolation,
    ),
    "a completed task without a disposition": (
        "UPDATE task SET status = 'completed', closed_at = now()",
        psycopg.errors.CheckViolation,
    ),
    "history rewritten": ("UPDATE alert_event SET event = 'x'", psycopg.errors.RestrictViolation),
    "history removed": ("DELETE FROM alert_event", psycopg.errors.RestrictViolation),
    "history emptied": ("TRUNCATE alert_event", psycopg.errors.RestrictViolation),
}


@pytest.mark.parametrize("what", TWICE)
def test_the_database_itself_refuses(database: Database, site: Site, what: str) -> None:
    take_pressures(site, database, (184, 85, 1))
    evaluate(database)
    statement, error = TWICE[what]
    with database.connect() as connection, pytest.raises(error):
        connection.execute(statement)


def test_a_version_of_a_rule_never_changes(database: Database) -> None:
    with database.transaction() as connection:
        rules = dict(load_packs(connection))
        low = rules["glucose_low"]
        newer: dict[str, Any] = {"title": "Sugar low"}
        rules["glucose_low"] = low.model_copy(update=newer)
        with pytest.raises(RuleChanged, match="give the new content version 5"):
            load_packs(connection, rules)
        rules["glucose_low"] = low.model_copy(update={**newer, "version": 5})
        load_packs(connection, rules)
    assert one(database, "SELECT count(*) AS n FROM rule WHERE key = 'glucose_low'") == {"n": 2}
