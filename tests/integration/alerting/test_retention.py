"""What is deleted when nobody needs it any more, and what stays."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from gateway.care.dispositions import Disposition, Outcome, Urgency
from gateway.care.retention import AT_ONCE, LADDERS, MESSAGES, WATCHDOG_RUNS, delete_old
from gateway.care.tasks import accept_task, complete_task
from gateway.storage.database import Database
from tests.fixtures.site import Site
from tests.integration.alerting.homes import evaluate, one, rows, take_pressures

NOW = datetime.now(UTC)
MOMENT = timedelta(seconds=1)
ENDED = Disposition(urgency=Urgency.SELF_CARE, outcome=Outcome.REPEAT_NORMAL, actionable=False)

MESSAGE = """
INSERT INTO notification (id, organisation_id, tasks, channel, address, purpose, priority,
    language, state, next_action_at, sent_at, created_at)
VALUES (%s, %s, %s, 'sms', '+1', 'new', 'P2', 'en', %s, %s, %s, %s)"""
RUN = """
INSERT INTO watchdog_run (id, organisation_id, seq, begun_at, state, over_at, error)
VALUES (gen_random_uuid(), %s, 1, %s, %s, %s, %s)"""


def message(database: Database, site: Site, task: UUID, at: datetime, state: str = "sent") -> None:
    due, sent = (at, None) if state == "due" else (None, at)
    row = [uuid4(), site.organisation, [task], state, due, sent, at]
    with database.transaction() as connection:
        connection.execute(MESSAGE, row)


def delete(database: Database, now: datetime) -> int:
    with database.transaction() as connection:
        return delete_old(connection, now)


def test_messages_and_ladders_go_after_their_task_and_the_history_stays(
    database: Database, site: Site
) -> None:
    take_pressures(site, database, (184, 85, 1))
    evaluate(database)
    task = one(database, "SELECT id FROM task")["id"]
    message(database, site, task, NOW)
    assert delete(database, NOW + MESSAGES + MOMENT) == 0  # its task is open
    with database.transaction() as connection:
        accept_task(connection, task, "nurse", NOW)
        complete_task(connection, task, "nurse", ENDED, NOW)
    history = rows(database, "SELECT event FROM alert_event ORDER BY id")
    message(database, site, task, NOW, "due")
    assert delete(database, NOW + min(MESSAGES, LADDERS)) == 0
    assert delete(database, NOW + max(MESSAGES, LADDERS) + MOMENT) == 2
    assert rows(database, "SELECT FROM escalation") == []
    assert rows(database, "SELECT state FROM notification") == [{"state": "due"}]
    assert rows(database, "SELECT event FROM alert_event ORDER BY id") == history


def test_of_the_watchdog_the_newest_of_each_end_stays(database: Database, site: Site) -> None:
    told = [("proved", 3, None), ("proved", 2, None), ("failed", 1, "lost"), ("running", 0, None)]
    with database.transaction() as connection:
        for state, days, error in told:
            at = NOW - timedelta(days=days)
            over = None if state == "running" else at
            connection.execute(RUN, [site.organisation, at, state, over, error])
    assert delete(database, NOW + WATCHDOG_RUNS - timedelta(days=4)) == 0
    assert delete(database, NOW + 2 * WATCHDOG_RUNS) == 1
    left = rows(database, "SELECT state, begun_at FROM watchdog_run ORDER BY begun_at")
    assert [row["state"] for row in left] == ["proved", "failed", "running"]
    assert left[0]["begun_at"] == NOW - timedelta(days=2)


def test_the_worker_deletes_a_part_at_a_time(database: Database, site: Site) -> None:
    at = datetime.now(UTC) - MESSAGES - timedelta(days=1)
    with database.transaction() as connection, connection.cursor() as cursor:
        row = [site.organisation, [], "sent", None, at, at]
        cursor.executemany(MESSAGE, [[uuid4(), *row] for _ in range(AT_ONCE + 1)])
    evaluate(database)
    assert one(database, "SELECT count(*) AS n FROM notification") == {"n": 1}
