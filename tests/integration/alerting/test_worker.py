"""The worker: every duty is done once, whoever dies, whoever else works, whatever fails."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from alerting.findings import SHOWN
from gateway.care.tasks import accept_task
from gateway.fail_points import Died, watching
from gateway.storage.charts import HISTORY, read_charts
from gateway.storage.database import Database
from gateway.storage.duties import lock_patients, take, waiting
from gateway.storage.rules import load_packs
from gateway.worker import Worker
from tests.fixtures.site import Site, make_site
from tests.integration.alerting.homes import (
    ago,
    evaluate,
    one,
    rows,
    take_glucoses,
    take_pressures,
    until,
)

RUN = """
import sys, threading
from gateway.storage.database import Database
from gateway.worker import Worker
Worker(Database(sys.argv[1]), threading.Event()).run()
"""

# A worker that found nothing to do, and waits.
SERVES = """SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'idle' AND position('FROM duty' IN query) > 0"""


@contextmanager
def working(database: Database, workers: int = 1, poll_s: float = 0.1) -> Iterator[None]:
    """Run workers in threads; they end when the block does."""
    stop = threading.Event()
    threads = [
        threading.Thread(target=Worker(database, stop, poll_s=poll_s).run) for _ in range(workers)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        with database.transaction() as connection:
            connection.execute("NOTIFY duty")  # so that none sleeps on
        for thread in threads:
            thread.join(10)
            assert not thread.is_alive()


@contextmanager
def process(database: Database) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a worker as its own process."""
    child = subprocess.Popen([sys.executable, "-c", RUN, database.url], stdout=subprocess.DEVNULL)
    try:
        yield child
    finally:
        child.kill()
        child.wait(10)


def duties(database: Database) -> int:
    return int(one(database, "SELECT count(*) AS n FROM duty")["n"])


def evaluated_once(database: Database, readings: int) -> None:
    found = one(database, "SELECT count(*) AS n, max(times) AS times FROM evaluation")
    assert found == {"n": readings, "times": 1}


def test_a_notification_wakes_it(database: Database, site: Site) -> None:
    with database.connect(autocommit=True) as listening, working(database, poll_s=60):
        listening.execute("LISTEN task")
        until(lambda: bool(rows(database, SERVES)))
        take_pressures(site, database, (184, 85, 1))
        (told,) = listening.notifies(timeout=10, stop_after=1)
        assert told.payload == str(one(database, "SELECT id FROM task")["id"])
    evaluated_once(database, 1)


def test_what_waited_before_it_started_is_evaluated(database: Database, site: Site) -> None:
    take_pressures(site, database, (184, 85, 2), (120, 80, 1))
    with working(database):
        until(lambda: duties(database) == 0)
    evaluated_once(database, 2)


def test_two_workers_never_double(database: Database, site: Site) -> None:
    homes = [site, *(make_site(database) for _ in range(7))]
    with working(database, workers=3):
        for hours in range(10, 0, -1):
            for home in homes:
                take_pressures(home, database, (184 + hours, 59, hours), (190, 50, hours - 0.5))
        until(lambda: duties(database) == 0)
    evaluated_once(database, 8 * 20)
    kinds = rows(database, "SELECT rule_key, count(*) AS n FROM alert GROUP BY 1 ORDER BY 1")
    assert kinds == [{"rule_key": "diastolic_low", "n": 8}, {"rule_key": "systolic_high", "n": 8}]
    assert one(database, "SELECT count(*) AS n FROM task") == {"n": 16}
    assert one(database, "SELECT count(*) AS n FROM alert_reading") == {"n": 8 * 40}


def test_killed_in_mid_transaction_nothing_is_lost_or_doubled(
    database: Database, site: Site
) -> None:
    take_pressures(site, database, (184, 85, 1))
    waits = "SELECT pid FROM pg_locks WHERE relation = 'evaluation'::regclass AND NOT granted"
    with database.connect() as holder:
        # The record of evaluation is the last thing written: alert and task are there by then.
        holder.execute("LOCK TABLE evaluation IN SHARE MODE")
        with process(database) as child:
            until(lambda: bool(rows(database, waits)))
            os.kill(child.pid, signal.SIGKILL)
            child.wait(10)
        holder.rollback()
    until(lambda: not rows(database, waits))
    assert rows(database, "SELECT FROM alert") == []
    assert duties(database) == 1
    with process(database):
        until(lambda: duties(database) == 0)
    evaluated_once(database, 1)
    for table in ("alert", "task", "alert_reading"):
        assert one(database, f"SELECT count(*) AS n FROM {table}") == {"n": 1}  # noqa: S608


def test_who_is_evaluated_together_is_there_with_all_or_not_at_all(
    database: Database, site: Site
) -> None:
    homes = [site, *(make_site(database) for _ in range(2))]
    for home in homes:
        take_pressures(home, database, (184, 85, 1))
    seen: list[str] = []

    def dies(point: str) -> None:
        seen.append(point)
        if seen.count("carried_out") == len(homes):
            raise Died

    with watching(dies), pytest.raises(Died):
        evaluate(database)
    assert seen.count("opened") == len(homes)
    assert (duties(database), rows(database, "SELECT FROM alert")) == (len(homes), [])
    assert evaluate(database) == len(homes)
    evaluated_once(database, len(homes))
    assert one(database, "SELECT count(*) AS n FROM task") == {"n": len(homes)}


def test_who_waited_longest_comes_first_and_a_backlog_alone(database: Database, site: Site) -> None:
    backlog, short, other = site, make_site(database), make_site(database)
    take_pressures(backlog, database, *((120, 80, hours) for hours in (5, 4, 3)))
    take_pressures(short, database, (120, 80, 2))
    take_pressures(other, database, (120, 80, 1))
    with database.transaction() as connection:
        now = datetime.now(UTC)
        assert waiting(connection, now, 50, 3) == [backlog.patient]
        assert waiting(connection, now, 50, 4) == [backlog.patient, short.patient]
        assert waiting(connection, now, 2, 200) == [backlog.patient, short.patient]


def test_who_is_with_another_process_is_left_to_it(database: Database, site: Site) -> None:
    other = make_site(database)
    for home in (site, other):
        take_pressures(home, database, (184, 85, 1))
    with database.connect() as holder:
        assert lock_patients(holder, [site.patient]) == [site.patient]
        assert evaluate(database) == 1
        assert one(database, "SELECT patient_id FROM duty") == {"patient_id": site.patient}
        holder.rollback()
    assert evaluate(database) == 1
    evaluated_once(database, 2)


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


# A reading that our code cannot read: its moment is beyond what Python's calendar holds.
POISON = "UPDATE reading SET stored_at = '20000-01-01' WHERE measured_at = %s"


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


def test_who_accepts_a_task_and_the_worker_do_not_block_one_another(
    database: Database, site: Site
) -> None:
    take_pressures(site, database, (184, 85, 2))
    evaluate(database)
    take_pressures(site, database, (190, 85, 1))
    id_ = one(database, "SELECT id FROM task")["id"]
    waits = """SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'"""
    with database.connect() as person:
        person.execute("SELECT FROM task WHERE id = %s FOR UPDATE", [id_])
        worker = threading.Thread(target=evaluate, args=[database])
        worker.start()
        until(lambda: bool(rows(database, waits)))
        person.execute("SELECT FROM alert FOR UPDATE NOWAIT")  # free: nobody can wait for another
        accept_task(person, id_, "nurse", datetime.now(UTC))
        person.commit()
        worker.join(10)
    evaluated_once(database, 2)
    alert = one(database, "SELECT state, readings FROM alert")
    assert alert == {"state": "acknowledged", "readings": 2}
    task = one(database, "SELECT status, readings FROM task")
    assert task == {"status": "accepted", "readings": 2}


def test_an_alert_that_stays_open_does_not_cost_more_and_more(
    database: Database, site: Site
) -> None:
    """What is read, and what is written for one more reading, has a bound."""
    numbers = ["66", *["60"] * 150, "45", *["65"] * 348]
    for part in range(0, 500, 100):
        told = [(n, 10 - (part + i) / 60) for i, n in enumerate(numbers[part : part + 100])]
        take_glucoses(site, database, *told)
        evaluate(database)
    task = one(database, "SELECT readings, evidence FROM task")
    assert task["readings"] == 500
    assert len(task["evidence"]) == SHOWN + 2
    assert task["evidence"][1]["severity"] == "P1"
    alert = one(database, "SELECT * FROM alert")
    assert (alert["state"], alert["severity"], alert["since"]) == ("open", "P2", ago(10))
    assert (alert["readings"], alert["explanation"]["readings"]) == (500, 500)
    assert len(alert["explanation"]["evidence"]) == SHOWN + 2
    assert alert["sentence"].startswith("Glucose 45 mg/dL ")
    events = "SELECT event, count(*) AS n FROM alert_event GROUP BY event"
    counted = {row["event"]: row["n"] for row in rows(database, events)}
    assert counted["evidence_added"] == counted["task_evidence_added"] == 1
    take_glucoses(site, database, ("62", 0.1))
    with database.transaction() as connection:
        (duties,) = take(connection, [site.patient], datetime.now(UTC))
        everybody = [r for r in load_packs(connection).values() if r.programme is None]
        (chart,) = read_charts(connection, [(duties, everybody)])
    assert len(chart.observations) == HISTORY + 1
    on = chart.carried["glucose_low"]
    assert len(on.observations) == SHOWN + 2
    assert len(on.observations) + on.earlier + HISTORY == 500
    take_glucoses(site, database, ("100", 0.05), ("101", 0.04))
    evaluate(database)
    assert one(database, "SELECT state FROM alert") == {"state": "resolved"}


def test_waits_grow_to_ten_minutes(database: Database, site: Site) -> None:
    take_pressures(site, database, (184, 85, 1))
    now = datetime.now(UTC)
    with database.transaction() as connection:
        connection.execute("UPDATE patient SET timezone = 'Nowhere/None'")
        connection.execute("UPDATE duty SET attempts = 1000")
    evaluate(database, lambda: now)
    assert one(database, "SELECT retry_at FROM duty") == {"retry_at": now + timedelta(minutes=10)}


def test_a_lost_connection_is_opened_again(database: Database, site: Site) -> None:
    others = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()"""
    with working(database):
        until(lambda: bool(rows(database, SERVES)))
        assert rows(database, others)
        take_pressures(site, database, (184, 85, 1))
        until(lambda: duties(database) == 0)
    evaluated_once(database, 1)


def test_after_each_connection_it_does_the_same_beside_readings(database: Database) -> None:
    stop = threading.Event()
    worker = Worker(database, stop, poll_s=0.01)
    with database.connect(autocommit=True) as connection:
        stop.set()
        for _ in range(3):  # connections
            worker._serve(connection)
    looks = [work for work in worker._works if work.__name__ == "look"]
    assert len(looks) == 1


def test_it_ends_when_asked(database: Database) -> None:
    with working(database):
        pass
