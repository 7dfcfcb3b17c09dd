"""Several workers: they share what waits, each with patients of its own, and double nothing."""

import threading
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from gateway import worker
from gateway.fail_points import watching
from gateway.storage.database import Database
from gateway.storage.duties import WAITING, Waits, lock_first, lock_patients, waiting
from tests.fixtures.site import Site, make_site
from tests.integration.alerting.homes import evaluate, one, rows, take_pressures, until
from tests.integration.alerting.workers import duties, evaluated_once, working

# Duties that failed and are tried again in an hour.
MANY = """
INSERT INTO duty (reading_id, organisation_id, patient_id, measured_at, retry_at)
SELECT gen_random_uuid(), %s, %s, now(), now() + interval '1 hour' FROM generate_series(1, 10000)"""


@pytest.fixture
def homes(embedded_database: Database) -> list[Site]:
    """Give four homes with a reading each, the longest waiting first."""
    made = [make_site(embedded_database) for _ in range(4)]
    for home in made:
        take_pressures(home, embedded_database, (184, 85, 1))
    return made


def test_who_waited_longest_comes_first_and_a_backlog_alone(database: Database, site: Site) -> None:
    backlog, short, other = site, make_site(database), make_site(database)
    take_pressures(backlog, database, *((120, 80, hours) for hours in (5, 4, 3)))
    take_pressures(short, database, (120, 80, 2))
    take_pressures(other, database, (120, 80, 1))
    with database.transaction() as connection:
        queue = waiting(connection, datetime.now(UTC), 50)
        assert queue == [Waits(backlog.patient, 3), Waits(short.patient), Waits(other.patient)]
        assert lock_first(connection, queue, 50, 3) == [backlog.patient]
        assert lock_first(connection, queue, 50, 4) == [backlog.patient, short.patient]
        assert lock_first(connection, queue, 2, 200) == [backlog.patient, short.patient]
        assert waiting(connection, datetime.now(UTC), 1) == queue[:1]


def test_who_is_with_another_worker_is_passed_over(
    embedded_database: Database, homes: list[Site]
) -> None:
    database, patients = embedded_database, [home.patient for home in homes]
    with database.connect() as holder, database.connect() as second:
        queue = waiting(holder, datetime.now(UTC), 50)
        assert lock_first(holder, queue, 2, 200) == patients[:2]
        assert lock_first(second, queue, 1, 200) == patients[2:3]
        assert evaluate(database) == 1
        holder.rollback()
        second.rollback()
    assert evaluate(database) == 3
    evaluated_once(database, 4)


def test_two_workers_share_a_backlog(
    embedded_database: Database, homes: list[Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has patients at the same time as the other: neither goes on before both have."""
    monkeypatch.setattr(worker, "PATIENTS", 2)
    both, met = threading.Barrier(2), set[int]()

    def meet(point: str) -> None:
        me = threading.get_ident()
        if point == "evaluated" and me not in met:
            met.add(me)
            both.wait(20)

    with watching(meet), working(embedded_database, workers=2):
        until(lambda: duties(embedded_database) == 0)
    assert len(met) == 2
    evaluated_once(embedded_database, len(homes))
    assert one(embedded_database, "SELECT count(*) AS n FROM task") == {"n": len(homes)}


def test_who_finds_all_with_others_looks_again_soon(
    embedded_database: Database, homes: list[Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, patients, looked = embedded_database, [h.patient for h in homes], threading.Event()

    def look(*asked: Any) -> list[UUID]:
        found = lock_first(*asked)
        looked.set()
        return found

    monkeypatch.setattr(worker, "lock_first", look)
    with database.connect() as holder:
        assert lock_patients(holder, patients) == patients
        with working(database, poll_s=60):
            assert looked.wait(20)
            holder.rollback()
            until(lambda: duties(database) == 0)
    evaluated_once(database, len(homes))


def test_what_sleeps_is_not_read_to_find_who_waits(embedded_database: Database) -> None:
    site = make_site(embedded_database)
    with embedded_database.connect(autocommit=True) as connection:
        connection.execute(MANY, [site.organisation, site.patient])
        connection.execute("ANALYZE duty")
        asked = [datetime.now(UTC), 500]
        plan = connection.execute(f"EXPLAIN {WAITING}", asked).fetchall()
    assert any("Index Scan on duty_waiting" in str(line) for line in plan), plan


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
