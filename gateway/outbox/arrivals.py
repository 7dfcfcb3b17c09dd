"""Applies what was done at a far side to our tasks, each in a transaction of its own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import psycopg
import structlog

from alerting.words import template
from gateway.audit.append import write
from gateway.care.from_elsewhere import APPLIED, UNCHANGED, Before, Verdict, apply, refused
from gateway.connectors.ports import Unread
from gateway.fail_points import reached
from gateway.outbox.file import Entry
from gateway.storage import outbox
from gateway.storage.database import Connection
from gateway.storage.events import record

CANNOT_BE_READ: Final = template("the record of it there cannot be read")

log = structlog.get_logger()


def apply_next(connection: Connection, entry: Entry, now: datetime) -> int:
    """Apply the oldest of what has arrived; return how many. Autocommit."""
    row: dict[str, Any] | None = None
    try:
        with connection.transaction():
            row = connection.execute(outbox.ARRIVED, [entry.id]).fetchone()
            if row is None:
                return 0
            _one(connection, entry, row, now)
            reached("applied")
    except psycopg.OperationalError:
        raise  # a deadlock, a lock, a lost connection: it waits, and is applied then
    except Exception as error:
        if connection.broken or row is None:
            raise
        # Our own mistake: the others are not held up by it, and it is seen on the page.
        name = type(error).__name__
        log.error("not_applied", connector=entry.name, task=str(row["task_id"]), error=name)  # noqa: TRY400
        with connection.transaction():
            _settle(connection, row, Verdict("dead", name), now)
    return 1


def keep_unread(connection: Connection, entry: Entry, unread: Unread, now: datetime) -> None:
    """Tell of a record that nobody can read, once while it is the same: the others go on."""
    told = {"connector": entry.id, "task": unread.task, "version": unread.version, "now": now}
    new = connection.execute(outbox.UNREAD, told | {"reason": CANNOT_BE_READ}).rowcount > 0
    organisation, task = entry.common.organisation, unread.task
    if task is not None and new:
        refused(connection, organisation, task, entry.name, CANNOT_BE_READ, now)
    if task is None or new:
        whose = str(task) if task else None
        log.warning("unread_there", connector=entry.name, task=whose, error=unread.error)


def _one(connection: Connection, entry: Entry, row: dict[str, Any], now: datetime) -> None:
    remote = outbox.REMOTE.validate_python(row["body"])
    known = connection.execute(outbox.BASE, [entry.id, row["task_id"]]).fetchone() or {}
    if (
        row["way"] == "webhook"
        and (known.get("changed_at") or remote.changed_at) > remote.changed_at
    ):
        _settle(connection, row, UNCHANGED, now)  # an older message that comes after a newer one
        return
    verdict = apply(connection, remote, _before(known), entry.name, now)
    seen = {"connector": entry.id, "task": row["task_id"], "organisation": row["organisation_id"]}
    # A message has ids of its own: what the far side's task is called there is asked there.
    named = row["way"] != "webhook"
    told = {
        "remote_id": remote.remote_id if named else known.get("remote_id"),
        "version": remote.version if named else known.get("version"),
        "changed_at": remote.changed_at,
    }
    connection.execute(outbox.SEEN, seen | told | {"now": now})
    if verdict.state != "refused":
        heard = {"status": remote.status, "owner": remote.owner}
        connection.execute(outbox.HEARD, seen | heard)
    _settle(connection, row, verdict, now)
    if verdict == APPLIED:
        given = {"way": row["way"], "status": remote.status}
        record(
            connection,
            row["organisation_id"],
            "changed_elsewhere",
            now,
            task=row["task_id"],
            actor=entry.name,
            **given,
        )
    if verdict.reason is not None:
        refused(connection, row["organisation_id"], row["task_id"], entry.name, verdict.reason, now)
        ours = [row["organisation_id"], entry.id, row["task_id"]]
        connection.execute(outbox.WRITE_BACK, ours)
    if verdict.state != "unchanged":
        _audit(connection, entry, row, verdict, now)


def _before(known: Mapping[str, Any]) -> Before:
    def named(*keys: str) -> frozenset[str]:
        return frozenset(known[key] for key in keys if known.get(key))

    return Before(named("put_status", "tried_status"), named("put_owner", "tried_owner"))


def _settle(connection: Connection, row: dict[str, Any], verdict: Verdict, now: datetime) -> None:
    settled = {"id": row["id"], "state": verdict.state, "reason": verdict.reason, "now": now}
    connection.execute(outbox.SETTLE_INBOX, settled)


def _audit(
    connection: Connection, entry: Entry, row: dict[str, Any], verdict: Verdict, now: datetime
) -> None:
    """Say in the audit who did it: the far side, whose own audit has the person."""
    actor = {
        "organisation": row["organisation_id"],
        "kind": "program",
        "id": entry.id,
        "actor": entry.name,
        "roles": "connector",
        "session": None,
    }
    patient = connection.execute(
        "SELECT patient_id FROM task WHERE id = %s", [row["task_id"]]
    ).fetchone()
    write(
        connection,
        actor,
        f"task.{'change' if verdict == APPLIED else 'refuse'}-elsewhere",
        at=now,
        patient=patient["patient_id"] if patient else None,
        subject=("task", str(row["task_id"])),
        detail={"way": row["way"]},
    )
