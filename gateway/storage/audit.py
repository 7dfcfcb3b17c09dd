"""What the audit answers: who did what, who saw whom, newest first, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb
from pydantic import Field

from device_profiles.reading import Frozen
from gateway.access.who import Who
from gateway.storage.database import Connection
from gateway.storage.patients import like

COLUMNS: Final = """
SELECT seq, recorded_at, at, actor_kind, actor_id, actor, roles, action, patients,
    subject_kind, subject_id, detail FROM audit"""
CONDITIONS: Final = {
    "patient": "patients @> ARRAY[%(patient)s::uuid]",
    "person": "actor_id = %(person)s",
    "actor": "actor = %(actor)s",
    "action": "(action = %(action)s OR action LIKE %(action)s || '.%%')",
    "since": "at >= %(since)s",
    "until": "at < %(until)s",
    "before": "seq < %(before)s",
}
# By the id where there is one: people change their names.
SEEN_BY: Final = """
SELECT actor_kind, actor_id, (array_agg(actor ORDER BY seq DESC))[1] AS actor, count(*) AS times,
    min(at) AS first, max(at) AS last, array_agg(DISTINCT action) AS actions
FROM audit
WHERE organisation_id = %(organisation)s AND patients @> ARRAY[%(patient)s::uuid]
  AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR at < %(until)s)
GROUP BY actor_kind, actor_id, coalesce(actor_id::text, actor)
ORDER BY max(at) DESC, actor LIMIT %(limit)s"""
# By the person's own last entries, which an index has: however much others do.
LATELY: Final = """
SELECT DISTINCT unnest(patients) AS patient FROM (
    SELECT at, session_id, action, patients, subject_id, detail FROM audit
    WHERE organisation_id = %(organisation)s AND actor_id = %(person)s ORDER BY seq DESC LIMIT 100
) AS last
WHERE at > %(since)s AND session_id = %(session)s AND action = %(action)s
  AND subject_id IS NOT DISTINCT FROM %(subject)s AND detail::jsonb = %(detail)s"""
NAMES: Final = "SELECT id, name FROM patient WHERE organisation_id = %s AND id = ANY(%s)"
NAMED: Final = """
SELECT id, name FROM patient WHERE organisation_id = %s AND lower(name) LIKE '%%' || %s || '%%'
ORDER BY lower(name), id LIMIT %s"""


class AuditRow(Frozen):
    """An entry of the audit."""

    seq: Annotated[int, Field(examples=[4711])]
    """Its number in the organisation's chain: without holes."""
    recorded_at: datetime
    """When the database chained it."""
    at: datetime
    actor_kind: Annotated[str, Field(examples=["person"])]
    actor_id: UUID | None
    actor: Annotated[str, Field(examples=["N. Night"])]
    roles: Annotated[str, Field(examples=["coordinator"])]
    action: Annotated[str, Field(examples=["patient.view"])]
    patients: tuple[UUID, ...]
    subject_kind: str | None
    subject_id: str | None
    detail: dict[str, Any]


class SeenBy(Frozen):
    """Somebody who saw, or did something for, a patient."""

    actor_kind: Annotated[str, Field(examples=["person"])]
    actor_id: UUID | None
    actor: Annotated[str, Field(examples=["N. Night"])]
    times: Annotated[int, Field(examples=[3])]
    first: datetime
    last: datetime
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the audit; without a condition: all."""

    patient: UUID | None = None
    person: UUID | None = None
    actor: str | None = None
    action: str | None = None
    """An action, as task.accept, or the beginning of some: task."""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    """Entries with smaller numbers."""


def list_audit(
    connection: Connection, organisation: UUID, asked: Asked, limit: int
) -> Sequence[AuditRow]:
    """Return entries, the newest first."""
    given = {name: value for name in CONDITIONS if (value := getattr(asked, name)) is not None}
    where = " AND ".join(["organisation_id = %(organisation)s", *(CONDITIONS[n] for n in given)])
    query = f"{COLUMNS} WHERE {where} ORDER BY seq DESC LIMIT %(limit)s"
    rows = connection.execute(query, {**given, "organisation": organisation, "limit": limit})
    return [AuditRow(**row) for row in rows]


def seen_by(
    connection: Connection,
    organisation: UUID,
    patient: UUID,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 500,
) -> Sequence[SeenBy]:
    """Return everybody who saw a patient or did something for them, who came last first."""
    asked = {
        "organisation": organisation,
        "patient": patient,
        "since": since,
        "until": until,
        "limit": limit,
    }
    return [SeenBy(**row) for row in connection.execute(SEEN_BY, asked)]


def seen_lately(
    connection: Connection,
    who: Who,
    action: str,
    since: datetime,
    *,
    subject: tuple[str, str] | None,
    detail: Mapping[str, Any],
) -> set[UUID]:
    """Return whom this session has an entry for, of the same action with the same detail."""
    asked = {
        "organisation": who.organisation,
        "person": who.id,
        "session": who.session,
        "action": action,
        "subject": subject[1] if subject else None,
        "detail": Jsonb(dict(detail)),
        "since": since,
    }
    return {row["patient"] for row in connection.execute(LATELY, asked)}


def patient_names(
    connection: Connection, organisation: UUID, patients: Sequence[UUID]
) -> dict[UUID, str]:
    """Return the names of those of them who are there."""
    rows = connection.execute(NAMES, [organisation, list(patients)])
    return {row["id"]: row["name"] for row in rows}


def patients_named(
    connection: Connection, organisation: UUID, named: str, limit: int = 20
) -> dict[UUID, str]:
    """Return patients with these letters in their name."""
    rows = connection.execute(NAMED, [organisation, like(named), limit])
    return {row["id"]: row["name"] for row in rows}
