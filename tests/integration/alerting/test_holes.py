"""A sequence number that never arrives becomes one technical task, after a delay."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from device_profiles.wire.body import GapBody, StatusBody
from device_profiles.wire.v1 import Class
from gateway.care.holes import DELAY, look_for_holes
from gateway.storage.database import Database
from tests.fixtures.site import Site
from tests.integration.alerting.homes import rows

NOW = datetime.now(UTC)
TASKS = "SELECT rule_key, queue, status, patient_id, sentence FROM task ORDER BY created_at"


def tell_oldest(site: Site, database: Database, oldest: int) -> None:
    """Let the hub say, in two heartbeats, that it holds nothing older."""
    for _ in range(2):
        _tell(site, database, oldest)


def _tell(site: Site, database: Database, oldest: int) -> None:
    status = StatusBody(
        at=NOW,
        version="1",
        boot=uuid4(),
        spool_waiting=0,
        spool_bytes=0,
        oldest=oldest,
        hub_clock_ok=True,
    )
    site.seq = max(site.seq, oldest - 1)
    site.accept(database, [site.envelope(status, class_=Class.STATUS)])


def look(database: Database, after: timedelta = timedelta()) -> int:
    with database.transaction() as connection:
        return look_for_holes(connection, NOW + after)


def test_a_missing_number_opens_one_task_after_the_delay(database: Database, site: Site) -> None:
    tell_oldest(site, database, 4)
    assert look(database) == 0
    assert look(database, DELAY - timedelta(seconds=1)) == 0
    assert look(database, DELAY) == 1
    assert look(database, 2 * DELAY) == 0
    (task,) = rows(database, TASKS)
    assert (task["rule_key"], task["queue"], task["status"], task["patient_id"]) == (
        "hub:missing",
        "technical",
        "requested",
        site.patient,
    )
    assert task["sentence"].startswith("3 sequence numbers of the hub (epoch 1, from 1) never")


def test_it_ends_by_itself_when_the_hub_accounts_for_them(database: Database, site: Site) -> None:
    tell_oldest(site, database, 4)
    look(database)
    look(database, DELAY)
    gap = GapBody(at=NOW, reason="damaged", supersedes=((1, 3),))
    site.accept(database, [site.envelope(gap)])
    look(database, 2 * DELAY)
    (task,) = rows(database, TASKS)
    assert task["status"] == "cancelled"
    assert rows(database, "SELECT FROM hole") == []


def test_what_is_accounted_for_in_time_asks_nobody(database: Database, site: Site) -> None:
    tell_oldest(site, database, 4)
    look(database)
    gap = GapBody(at=NOW, reason="damaged", supersedes=((1, 3),))
    site.accept(database, [site.envelope(gap)])
    assert look(database, DELAY) == 0
    assert rows(database, TASKS) == []


def test_what_the_hub_still_holds_is_not_missing(database: Database, site: Site) -> None:
    tell_oldest(site, database, 1)
    site.seq += 5  # on their way
    tell_oldest(site, database, 1)
    look(database)
    assert look(database, DELAY) == 0
