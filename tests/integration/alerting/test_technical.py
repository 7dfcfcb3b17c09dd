"""What a hub says is wrong with a device becomes one technical task that says what to press."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from device_profiles.problems import ADVICE, FOR_HANDS, DeviceProblem
from device_profiles.wire.body import DeviceState, StatusBody
from device_profiles.wire.v1 import Class
from gateway.care.tasks import accept_task, list_tasks
from gateway.storage.database import Database
from tests.fixtures.site import Site, make_site
from tests.integration.alerting.homes import evaluate, rows

TASKS = """
SELECT rule_key, queue, priority, status, device_id, patient_id, closed_reason FROM task
ORDER BY created_at, rule_key"""


def tell(site: Site, database: Database, problem: str | None, device: UUID | None = None) -> None:
    """Let the hub's heartbeat arrive, and the worker look."""
    status = StatusBody(
        at=datetime.now(UTC),
        version="1",
        boot=uuid4(),
        spool_waiting=0,
        spool_bytes=0,
        oldest=0,
        hub_clock_ok=True,
        devices=(DeviceState(device=device or site.cuff, problem=problem),),
    )
    site.accept(database, [site.envelope(status, class_=Class.STATUS)])
    evaluate(database)


def tasks(database: Database) -> list[tuple[Any, ...]]:
    return [(row["rule_key"], row["status"]) for row in rows(database, TASKS)]


def test_a_lost_bond_opens_one_task_that_says_what_to_press(database: Database, site: Site) -> None:
    for _ in range(3):
        tell(site, database, "bond_lost")
    (row,) = rows(database, TASKS)
    assert (row["rule_key"], row["queue"], row["priority"], row["status"]) == (
        "device:bond_lost",
        "technical",
        "P3",
        "requested",
    )
    assert (row["device_id"], row["patient_id"]) == (site.cuff, site.patient)
    with database.transaction() as connection:
        (task,) = list_tasks(connection, queue="technical")
    assert "Press the device's pairing button" in task.sentence
    assert task.sentence == ADVICE["bond_lost"]


def test_it_ends_by_itself_when_the_device_is_well_again(database: Database, site: Site) -> None:
    tell(site, database, "bond_lost")
    tell(site, database, None)
    (row,) = rows(database, TASKS)
    assert row["status"] == "cancelled"
    assert "well again" in row["closed_reason"]
    tell(site, database, "bond_lost")
    assert sorted(tasks(database)) == [
        ("device:bond_lost", "cancelled"),
        ("device:bond_lost", "requested"),
    ]


def test_who_took_it_keeps_it_and_reads_that_it_is_over(database: Database, site: Site) -> None:
    tell(site, database, "bond_lost")
    with database.transaction() as connection:
        (task,) = list_tasks(connection)
        accept_task(connection, task.id, "Tina Technician", datetime.now(UTC))
    tell(site, database, None)
    assert tasks(database) == [("device:bond_lost", "accepted")]
    events = rows(database, "SELECT event FROM alert_event ORDER BY id")
    assert [row["event"] for row in events] == ["task_requested", "task_accepted", "task_noted"]


def test_another_problem_takes_the_place_of_the_first(database: Database, site: Site) -> None:
    tell(site, database, "bond_lost")
    tell(site, database, "passkey_wrong")
    assert tasks(database) == [
        ("device:bond_lost", "cancelled"),
        ("device:passkey_wrong", "requested"),
    ]


@pytest.mark.parametrize("word", ["connection_failed", "spool_full", "a_word_of_next_year"])
def test_what_needs_no_hands_opens_nothing(database: Database, site: Site, word: str) -> None:
    tell(site, database, word)
    assert tasks(database) == []


def test_a_hub_opens_nothing_for_a_device_that_is_not_its_own(
    database: Database, site: Site
) -> None:
    other = make_site(database)
    tell(site, database, "bond_lost", device=other.cuff)
    assert tasks(database) == []


def test_everything_that_needs_hands_has_advice() -> None:
    assert set(ADVICE) == set(DeviceProblem)
    assert DeviceProblem.BOND_LOST in FOR_HANDS
