"""Programmes: which packs of rules people have, and who answers for the packs."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from alerting.model import Level, Override
from device_profiles.reading import Frozen
from gateway.errors import Conflict, NotFound
from gateway.storage.database import Connection
from gateway.storage.homes import must_exist

if TYPE_CHECKING:
    from alerting.packs.loader import Pack

APPROVE: Final = """
INSERT INTO pack_approval (organisation_id, pack, version, sha256, clinician, role, author,
    approved_at)
VALUES (%(organisation)s, %(pack)s, %(version)s, %(sha256)s, %(clinician)s, %(role)s, %(author)s,
    %(now)s)
ON CONFLICT DO NOTHING"""

APPROVED: Final = """
SELECT clinician, role, approved_at FROM pack_approval
WHERE organisation_id = %s AND pack = %s AND sha256 = %s"""

ADD: Final = """
INSERT INTO programme (id, organisation_id, key, title, packs, author, created_at)
VALUES (%(id)s, %(organisation)s, %(key)s, %(title)s, %(packs)s, %(author)s, %(now)s)"""

FIND: Final = "SELECT id FROM programme WHERE organisation_id = %s AND key = %s"

LIST: Final = """
SELECT g.key, g.title, g.packs,
    (SELECT count(*) FROM programme_member m WHERE m.programme_id = g.id
       AND m.since <= %(now)s AND (m.until IS NULL OR %(now)s < m.until)) AS people
FROM programme g WHERE g.organisation_id = %(organisation)s ORDER BY g.key"""

JOIN: Final = """
INSERT INTO programme_member (organisation_id, programme_id, patient_id, since, author, reason)
SELECT p.organisation_id, %(programme)s, p.id, %(now)s, %(author)s, %(reason)s
FROM patient p WHERE p.id = %(patient)s AND p.organisation_id = %(organisation)s"""

LEAVE: Final = """
UPDATE programme_member SET until = %(now)s
WHERE patient_id = %(patient)s AND programme_id = %(programme)s AND until IS NULL"""

LAY: Final = """
INSERT INTO rule_override (id, organisation_id, patient_id, programme_id, rule_key, changes, off,
    final, reason, author, valid_from, valid_until)
VALUES (%(id)s, %(organisation)s, %(patient)s, %(programme)s, %(rule)s, %(changes)s, %(off)s,
    %(final)s, %(reason)s, %(author)s, %(from)s, %(until)s)"""

LIFT: Final = """
UPDATE rule_override SET valid_until = greatest(%(now)s, valid_from + interval '1 microsecond')
WHERE id = %(id)s AND organisation_id = %(organisation)s
  AND (valid_until IS NULL OR valid_until > %(now)s)"""

WHOSE: Final = "SELECT patient_id FROM rule_override WHERE id = %s"

LAID: Final = """
SELECT o.id, o.rule_key AS rule,
    CASE WHEN o.patient_id IS NOT NULL THEN 'patient' WHEN o.programme_id IS NOT NULL
         THEN 'programme ' || g.key ELSE 'organisation' END AS for_whom,
    o.changes, o.off, o.final, o.reason, o.author, o.valid_from, o.valid_until
FROM rule_override o LEFT JOIN programme g ON g.id = o.programme_id
WHERE o.organisation_id = %(organisation)s
  AND (o.patient_id IS NULL OR o.patient_id = %(patient)s)
ORDER BY o.rule_key, o.valid_from"""


class NotApproved(Conflict):
    """No clinician of this organisation has signed this pack off."""

    code: ClassVar[str] = "pack_not_approved"


class Approval(Frozen):
    """A clinician who answers for a pack as it is."""

    clinician: str
    role: str
    approved_at: datetime


def approve(
    connection: Connection, organisation: UUID, pack: "Pack", by: Approval, author: str
) -> None:
    """Note that a clinician has signed this content off."""
    row = {
        "organisation": organisation,
        "pack": pack.pack,
        "version": pack.version,
        "sha256": pack.sha256,
        "clinician": by.clinician,
        "role": by.role,
        "author": author,
        "now": by.approved_at,
    }
    try:
        connection.execute(APPROVE, row)
    except psycopg.errors.ForeignKeyViolation:
        raise NotFound("There is no such organisation.") from None


def approval(connection: Connection, organisation: UUID, pack: "Pack") -> Approval | None:
    """Return who signed this content off, None where nobody did."""
    found = connection.execute(APPROVED, [organisation, pack.pack, pack.sha256]).fetchone()
    return Approval(**found) if found else None


def add_programme(
    connection: Connection,
    organisation: UUID,
    key: str,
    title: str,
    packs: Sequence["Pack"],
    author: str,
    now: datetime,
) -> None:
    """Add a programme. Raises NotApproved, and Conflict where there is one of this key."""
    for pack in packs:
        if approval(connection, organisation, pack) is None:
            raise NotApproved(
                f"Pack {pack.pack} version {pack.version} is not signed off here: "
                f"rules approve {pack.pack} --clinician NAME --role ROLE."
            )
    row = {
        "id": uuid4(),
        "organisation": organisation,
        "key": key,
        "title": title,
        "packs": [pack.pack for pack in packs],
        "author": author,
        "now": now,
    }
    try:
        connection.execute(ADD, row)
    except psycopg.errors.UniqueViolation:
        raise Conflict(f"There is a programme {key} already.") from None
    except psycopg.errors.ForeignKeyViolation:
        raise NotFound("There is no such organisation.") from None


def find_programme(connection: Connection, organisation: UUID, key: str) -> UUID:
    """Return a programme's id. Raises NotFound."""
    found = connection.execute(FIND, [organisation, key]).fetchone()
    if found is None:
        raise NotFound(f"There is no programme {key} in this organisation.")
    return UUID(str(found["id"]))


def list_programmes(
    connection: Connection, organisation: UUID, now: datetime
) -> list[dict[str, object]]:
    """Return key, title, packs and number of people of each programme."""
    return list(connection.execute(LIST, {"organisation": organisation, "now": now}))


def join(
    connection: Connection,
    organisation: UUID,
    key: str,
    patient: UUID,
    author: str,
    reason: str,
    now: datetime,
) -> None:
    """Take a patient into a programme. Raises NotFound, Conflict."""
    programme = find_programme(connection, organisation, key)
    row = {
        "organisation": organisation,
        "programme": programme,
        "patient": patient,
        "author": author,
        "reason": reason,
        "now": now,
    }
    try:
        if not connection.execute(JOIN, row).rowcount:
            raise NotFound("There is no such patient in this organisation.")
    except psycopg.errors.UniqueViolation:
        raise Conflict(f"The patient is in {key} already.") from None


def leave(
    connection: Connection, organisation: UUID, key: str, patient: UUID, now: datetime
) -> None:
    """Let a patient leave a programme; `ended_rules` ends its alerts. Raises NotFound."""
    programme = find_programme(connection, organisation, key)
    row = {"programme": programme, "patient": patient, "now": now}
    if not connection.execute(LEAVE, row).rowcount:
        raise NotFound(f"The patient is not in {key}.")


def lay_over(
    connection: Connection, organisation: UUID, whom: UUID | None, override: Override
) -> UUID:
    """Write limits down; `whom` is the patient or programme of the level. It was checked before.

    Raises NotFound where the patient is not of this organisation: they would hold for nobody.
    """
    if override.level is Level.PATIENT and whom is not None:
        must_exist(connection, "patient", whom, organisation)
    row = {
        "id": (id_ := uuid4()),
        "organisation": organisation,
        "patient": whom if override.level is Level.PATIENT else None,
        "programme": whom if override.level is Level.PROGRAMME else None,
        "rule": override.rule_key,
        "changes": Jsonb(override.model_dump(mode="json")["changes"]),
        "off": override.off,
        "final": override.final,
        "reason": override.reason,
        "author": override.author,
        "from": override.valid_from,
        "until": override.valid_until,
    }
    try:
        connection.execute(LAY, row)
    except psycopg.errors.ForeignKeyViolation:
        raise NotFound(f"There is no such {override.level}.") from None
    return id_


def lift(connection: Connection, organisation: UUID, override: UUID, now: datetime) -> None:
    """End limits now. Raises NotFound."""
    row = {"id": override, "organisation": organisation, "now": now}
    if not connection.execute(LIFT, row).rowcount:
        raise NotFound("There are no such limits in force.")


def patient_of_limits(connection: Connection, override: UUID) -> UUID | None:
    """Return whose limits they are; of a programme's or an organisation's nobody's."""
    row = connection.execute(WHOSE, [override]).fetchone()
    return row["patient_id"] if row else None


def laid_over(
    connection: Connection, organisation: UUID, patient: UUID | None
) -> list[dict[str, object]]:
    """Return the limits of an organisation and its programmes, and those of one patient."""
    return list(connection.execute(LAID, {"organisation": organisation, "patient": patient}))
