"""What patients agreed to: when, how, to which text; and when they withdrew it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID, uuid4

import psycopg

from device_profiles.reading import Frozen
from gateway.errors import Conflict, NotFound
from gateway.storage.database import Connection

MONITORING: Final = "monitoring"
How = Literal["verbal", "written"]
GivenBy = Literal["patient", "representative"]

GIVE: Final = """
INSERT INTO consent (id, organisation_id, patient_id, kind, given_at, how, given_by,
    representative, text_version, language, recorded_by_id, recorded_by, recorded_at)
SELECT %(id)s, organisation_id, id, 'monitoring', %(given_at)s, %(how)s, %(given_by)s,
    %(representative)s, %(text_version)s, %(language)s, %(by_id)s, %(by)s, %(now)s
FROM patient WHERE id = %(patient)s RETURNING id"""
WITHDRAW: Final = """
UPDATE consent SET withdrawn_at = %(at)s, withdrawn_how = %(how)s,
    withdrawal_recorded_by_id = %(by_id)s, withdrawal_recorded_by = %(by)s,
    withdrawal_recorded_at = %(now)s
WHERE id = %(id)s AND patient_id = %(patient)s AND withdrawn_at IS NULL RETURNING id"""
OF_PATIENT: Final = """
SELECT id, patient_id, kind, given_at, how, given_by, representative, text_version, language,
    recorded_by, recorded_at, withdrawn_at, withdrawn_how, withdrawal_recorded_by,
    withdrawal_recorded_at
FROM consent WHERE patient_id = %s ORDER BY given_at DESC, id"""


def withdrawn_by(patient: str) -> str:
    """Return as SQL whether the patient of this column agreed once, and does no more."""
    own = f"SELECT FROM consent k WHERE k.patient_id = {patient}"
    return f"(EXISTS ({own}) AND NOT EXISTS ({own} AND k.withdrawn_at IS NULL))"


@dataclass(frozen=True, slots=True)
class By:
    """Who writes it down: a person who is signed in has an id as well."""

    name: str
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewConsent:
    """A yes."""

    given_at: datetime
    how: How
    text_version: str
    language: str
    given_by: GivenBy = "patient"
    representative: str | None = None


class Consent(Frozen):
    """One agreement, from when it was given until it was withdrawn."""

    id: UUID
    patient_id: UUID
    kind: str
    given_at: datetime
    how: How
    given_by: GivenBy
    representative: str | None
    text_version: str
    language: str
    recorded_by: str
    recorded_at: datetime
    withdrawn_at: datetime | None
    withdrawn_how: How | None
    withdrawal_recorded_by: str | None
    withdrawal_recorded_at: datetime | None


def give(connection: Connection, patient: UUID, new: NewConsent, by: By, now: datetime) -> UUID:
    """Write down that a patient agrees to be monitored. Raises NotFound, Conflict."""
    told = {name: getattr(new, name) for name in NewConsent.__slots__}
    told |= {"id": uuid4(), "patient": patient, "by_id": by.id, "by": by.name, "now": now}
    try:
        row = connection.execute(GIVE, told).fetchone()
    except psycopg.errors.UniqueViolation:
        raise Conflict(
            "A consent is in force already; it would have to be withdrawn first."
        ) from None
    if row is None:
        raise NotFound("There is no such patient in this organisation.")
    return UUID(str(row["id"]))


def withdraw(
    connection: Connection,
    patient: UUID,
    consent: UUID,
    how: How,
    at: datetime,
    by: By,
    now: datetime,
) -> None:
    """Write down that a patient agrees no more. Raises NotFound."""
    told = {"id": consent, "patient": patient, "how": how, "at": at, "now": now}
    whose = {"by_id": by.id, "by": by.name}
    if connection.execute(WITHDRAW, told | whose).fetchone() is None:
        raise NotFound("This consent is not in force.")


def consents_of(connection: Connection, patient: UUID) -> tuple[Consent, ...]:
    """Return all that a patient agreed to, the newest first."""
    return tuple(Consent(**row) for row in connection.execute(OF_PATIENT, [patient]))


def withdrawn(consents: tuple[Consent, ...]) -> bool:
    """Tell whether a patient agreed once, and does no more."""
    return bool(consents) and in_force(consents) is None


def in_force(consents: tuple[Consent, ...]) -> Consent | None:
    """Return the one that counts now."""
    return next((each for each in consents if each.withdrawn_at is None), None)
