"""Break-glass: restricted records that somebody opened with a reason, and who looked at it."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from gateway.storage.database import Connection

LASTS: Final = timedelta(minutes=60)

OPEN: Final = """
INSERT INTO break_glass (id, organisation_id, patient_id, person_id, reason, at, ends_at)
VALUES (%(id)s, %(organisation)s, %(patient)s, %(person)s, %(reason)s, %(now)s, %(ends)s)"""
# What somebody may see of a restricted patient; `p` is the patient's row, `%(person)s` who asks.
VISIBLE: Final = """
(NOT p.restricted OR EXISTS (
    SELECT FROM care_team_member t WHERE t.care_team_id = p.care_team_id
        AND t.person_id = %(person)s AND t.until IS NULL)
 OR EXISTS (
    SELECT FROM break_glass b WHERE b.patient_id = p.id AND b.person_id = %(person)s
        AND b.organisation_id = p.organisation_id AND b.at <= %(now)s AND b.ends_at > %(now)s))"""
MAY_SEE: Final = f"SELECT {VISIBLE} AS visible FROM patient p WHERE p.id = %(patient)s"  # noqa: S608
LIST: Final = """
SELECT b.id, b.patient_id, b.reason, b.at, b.ends_at, b.reviewed_at, b.verdict, b.note,
    b.person_id, b.reviewed_by,
    coalesce((SELECT a.name FROM app_person a WHERE a.id = b.person_id), '') AS person,
    coalesce((SELECT a.name FROM app_person a WHERE a.id = b.reviewed_by), '') AS reviewer
FROM break_glass b ORDER BY b.reviewed_at NULLS FIRST, b.at DESC LIMIT 200"""
REVIEW: Final = """
UPDATE break_glass SET reviewed_by = %s, reviewed_at = %s, verdict = %s, note = %s
WHERE id = %s AND reviewed_at IS NULL AND person_id <> %s RETURNING patient_id"""


def open_glass(
    connection: Connection,
    organisation: UUID,
    patient: UUID,
    person: UUID,
    reason: str,
    now: datetime,
) -> UUID:
    """Let somebody see a restricted patient for an hour."""
    given = {"id": uuid4(), "organisation": organisation, "patient": patient, "person": person}
    connection.execute(OPEN, {**given, "reason": reason, "now": now, "ends": now + LASTS})
    return given["id"]


def may_see_patient(
    connection: Connection, patient: UUID, person: UUID, now: datetime
) -> bool | None:
    """Say whether somebody may see a patient; None where there is none of this id."""
    given = {"patient": patient, "person": person, "now": now}
    row = connection.execute(MAY_SEE, given).fetchone()
    return None if row is None else bool(row["visible"])


def glasses(connection: Connection) -> list[dict[str, Any]]:
    """Return what was opened: first what nobody has looked at yet."""
    return connection.execute(LIST).fetchall()


def review_glass(
    connection: Connection, id_: UUID, by: UUID, verdict: str, note: str, now: datetime
) -> UUID | None:
    """Note what somebody else thinks of it; return the patient, None where that cannot be."""
    row = connection.execute(REVIEW, [by, now, verdict, note, id_, by]).fetchone()
    return row["patient_id"] if row else None
