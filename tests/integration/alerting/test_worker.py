"""The worker: it wakes, dies, loses its database and ends, and every duty is done once."""

import os
import signal
import threading
from datetime import UTC, datetime

import pytest

from gateway.care.tasks import accept_task
from gateway.fail_points import Died, watching
from gateway.storage.database import Database
from gateway.worker import Worker
from tests.fixtures.site import Site, make_site
from tests.integration.alerting.homes import evaluate, one, rows, take_pressures, until
from tests.integration.alerting.workers import SERVES, duties, evaluated_once, process, working


def test_a_notification_wakes_it(database: Database, site: Site) -> None:
    with database.connect(autocommit=True) as listening, working(database, poll_s=60):
        listening.execute("LISTEN task")
        until(lambda: bool(rows(database, SERVES)))
        take_pressures(site, database, (184, 85, 1))
        (told,) = listening.notifies(timeout=20, stop_after=1)
        assert told.payload == str(one(database, "SELECT id FROM task")["id"])
    evaluated_once(database, 1)


def test_what_waited_before_it_started_is_evaluated(database: Database, site: Site) -> None:
    take_pressures(site, database, (184, 85, 2), (120, 80, 1))
    with working(database):
        until(lambda: duties(database) == 0)
    evaluated_once(database, 2)


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
            child.wait(20)
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
        worker.join(20)
    evaluated_once(database, 2)
    alert = one(database, "SELECT state, readings FROM alert")
    assert alert == {"state": "acknowledged", "readings": 2}
    task = one(database, "SELECT status, readings FROM task")
    assert task == {"status": "accepted", "readings": 2}


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
