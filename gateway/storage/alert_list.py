"""Alerts as screens and programs list and show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from alerting.model import Severity
from device_profiles.reading import Frozen
from gateway.errors import NotFound
from gateway.storage.closed import CLOSED
from gateway.storage.database import Connection

_COLUMNS: Final = f"""
SELECT a.id, a.patient_id, p.name AS patient, a.rule_key, a.rule_version, a.direction, a.severity,
    a.peak_severity, a.state, a.task_id, a.since, a.until, a.opened_at, a.updated_at,
    a.resolved_at, a.readings, a.sentence, h.what AS held_by, h.reason AS held_why,
    {CLOSED} AS hidden"""
_FROM: Final = """
FROM alert a JOIN patient p ON p.id = a.patient_id
LEFT JOIN suppression h ON h.alert_id = a.id AND h.ended_at IS NULL"""

SHOW: Final = f"{_COLUMNS}, a.explanation {_FROM} WHERE a.id = %(alert)s"

EVENTS: Final = """
SELECT at, event, actor, severity, detail FROM alert_event WHERE alert_id = %s ORDER BY id"""

CONDITIONS: Final = {
    "patient": "a.patient_id = %(patient)s",
    "open": "a.state <> 'resolved'",
    "since": "(a.until IS NULL OR a.until >= %(since)s)",
    "before": "a.since < %(before)s",
}


class AlertRow(Frozen):
    """One episode. `opened_at` and `resolved_at` are when we knew; since and until are measured."""

    id: UUID
    patient_id: UUID
    patient: str
    rule_key: str
    rule_version: int
    direction: str
    severity: Severity
    peak_severity: Severity
    state: str
    task_id: UUID | None
    since: datetime
    until: datetime | None
    opened_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    readings: int
    sentence: str
    held_by: str | None
    """What holds its task back, if something does, and in `held_why` the words."""
    held_why: str | None
    hidden: bool
    """The patient's record is closed to who asks: there is an alert, and no word of it."""


class AlertEvent(Frozen):
    """One thing that happened to it."""

    at: datetime
    event: str
    actor: str
    severity: Severity | None
    detail: dict[str, Any]


class AlertDetail(AlertRow):
    """An alert with its reasons and its history."""

    explanation: dict[str, Any]
    history: tuple[AlertEvent, ...]


@dataclass(frozen=True, slots=True)
class WantedAlerts:
    """Which alerts; what is None or False asks for nothing. They touch `since` to `before`."""

    patient: UUID | None = None
    open: bool = False
    since: datetime | None = None
    before: datetime | None = None
    viewer: UUID | None = None
    """Who asks; nobody: a program of the site itself, which sees everything."""


def list_alerts(
    connection: Connection,
    wanted: WantedAlerts,
    now: datetime,
    *,
    after: Sequence[str] | None = None,
    limit: int = 50,
) -> tuple[AlertRow, ...]:
    """Return alerts, the newest first; `after` is opened_at and id of the last one before."""
    given: dict[str, Any] = {"limit": limit, "now": now, "viewer": wanted.viewer}
    where = ["NOT p.synthetic"]
    for name, condition in CONDITIONS.items():
        if value := getattr(wanted, name):
            given[name] = value
            where.append(condition)
    if after is not None:
        given["at"], given["id"] = after
        where.append("(a.opened_at, a.id) < (%(at)s::timestamptz, %(id)s::uuid)")
    query = (
        f"{_COLUMNS} {_FROM} WHERE {' AND '.join(where)} "
        "ORDER BY a.opened_at DESC, a.id DESC LIMIT %(limit)s"
    )
    return tuple(AlertRow(**_shown(row)) for row in connection.execute(query, given))


def show_alert(
    connection: Connection, alert: UUID, now: datetime, viewer: UUID | None = None
) -> AlertDetail:
    """Return one alert with its history. Raises NotFound."""
    given = {"alert": alert, "now": now, "viewer": viewer}
    row = connection.execute(SHOW, given).fetchone()
    if row is None:
        raise NotFound("There is no such alert in this organisation.")
    history = connection.execute(EVENTS, [alert]).fetchall()
    return AlertDetail.model_validate(_shown(row) | {"history": history})


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    untold = {"sentence": "", "rule_key": "", "direction": "", "held_why": None}
    return row | untold if row["hidden"] else row
