"""What fails is told and tried again later, and holds up neither others nor their alerts."""

from datetime import UTC, datetime, timedelta

from gateway.storage.database import Database
from tests.fixtures.site import Site, make_site
from tests.integration.alerting.homes import (
    ago,
    evaluate,
    one,
    rows,
    take_glucoses,
    take_pressures,
)
from tests.integration.alerting.workers import evaluated_once

# A reading that our code cannot read: its moment is beyond what Python's calendar holds.
POISON = "UPDATE reading SET stored_at = '20000-01-01' WHERE measured_at = %s"


def test_what_fails_for_one_patient_holds_nobody_up_and_is_tried_again(
    database: Database, site: Site
) -> None:
    other = make_site(database)
    take_pressures(site, database, (184, 85, 1))
    take_pressures(other, database, (185, 85, 1))
    with database.transaction() as connection:
        zone = "UPDATE patient SET timezone = %s WHERE id = %s"
        connection.execute(zone, ["Nowhere/None", site.patient])
    now = datetime.now(UTC)
    assert evaluate(database, lambda: now) == 1
    failed = "SELECT patient_id, attempts, error, retry_at FROM duty"
    assert one(database, failed) == {
        "patient_id": site.patient,
        "attempts": 1,
        "error": "ZoneInfoNotFoundError",
        "retry_at": now + timedelta(seconds=5),
    }
    assert evaluate(database, lambda: now + timedelta(seconds=4)) == 0
    assert evaluate(database, lambda: now + timedelta(seconds=5)) == 0
    assert one(database, failed)["retry_at"] == now + timedelta(seconds=15)
    with database.transaction() as connection:
        connection.execute(zone, ["Europe/Vienna", site.patient])
    assert evaluate(database, lambda: now + timedelta(seconds=15)) == 1
    evaluated_once(database, 2)


def test_one_reading_that_fails_does_not_hold_up_the_others(database: Database, site: Site) -> None:
    take_pressures(site, database, (120, 80, 3), (184, 85, 2), (230, 85, 1))
    with database.transaction() as connection:
        connection.execute(POISON, [ago(2)])
        reading = connection.execute("SELECT id FROM reading WHERE measured_at = %s", [ago(2)])
        poison = reading.fetchall()[0]["id"]
    now = datetime.now(UTC)
    assert evaluate(database, lambda: now) == 2
    failed = "SELECT reading_id, attempts, error FROM duty"
    told = {"reading_id": poison, "attempts": 1, "error": "DataError"}
    assert one(database, failed) == told
    assert one(database, "SELECT count(*) AS n FROM task") == {"n": 1}
    take_pressures(site, database, (120, 55, 0.5))
    assert evaluate(database, lambda: now) == 1
    take_pressures(site, database, (120, 54, 0.2))
    assert evaluate(database, lambda: now + timedelta(hours=1)) == 1
    assert one(database, failed) == {**told, "attempts": 2}
    assert one(database, "SELECT count(*) AS n FROM task") == {"n": 2}
    with database.transaction() as connection:
        connection.execute("UPDATE reading SET stored_at = now()")
    assert evaluate(database, lambda: now + timedelta(hours=2)) == 1
    evaluated_once(database, 5)
    evidence = "SELECT count(*) AS n FROM alert_reading WHERE rule_key = 'systolic_high'"
    assert one(database, evidence) == {"n": 2}


def test_evidence_that_fails_when_evaluated_again_leaves_its_alert(
    database: Database, site: Site
) -> None:
    take_pressures(site, database, (184, 85, 2))
    evaluate(database)
    with database.transaction() as connection:
        connection.execute(POISON, [ago(2)])
        connection.execute(
            """INSERT INTO duty (reading_id, organisation_id, patient_id, measured_at)
               SELECT id, organisation_id, patient_id, measured_at FROM reading"""
        )
    take_glucoses(site, database, ("50", 1))
    now = datetime.now(UTC)
    evaluate(database, lambda: now)
    evaluate(database, lambda: now + timedelta(minutes=1))
    take_pressures(site, database, (190, 85, 0.5))
    evaluate(database, lambda: now + timedelta(minutes=1))
    found = rows(database, "SELECT rule_key, state FROM alert ORDER BY rule_key")
    assert found == [
        {"rule_key": "glucose_low", "state": "open"},
        {"rule_key": "systolic_high", "state": "open"},
    ]


def test_waits_grow_to_ten_minutes(database: Database, site: Site) -> None:
    take_pressures(site, database, (184, 85, 1))
    now = datetime.now(UTC)
    with database.transaction() as connection:
        connection.execute("UPDATE patient SET timezone = 'Nowhere/None'")
        connection.execute("UPDATE duty SET attempts = 1000")
    evaluate(database, lambda: now)
    assert one(database, "SELECT retry_at FROM duty") == {"retry_at": now + timedelta(minutes=10)}
