"""What patients tell of their symptoms: rows, which alerting reads as observations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid4

from alerting.bands import SYMPTOMS
from gateway.care.dispositions import Answered
from gateway.errors import WrongInput
from gateway.storage.database import Connection
from gateway.storage.duties import LOCK_CLASS
from gateway.storage.homes import must_exist

ADD: Final = """
INSERT INTO symptom_answer (id, organisation_id, patient_id, at, number, codes, answered_by, author)
VALUES (%(id)s, %(organisation)s, %(patient)s, %(at)s, cardinality(%(codes)s::text[]), %(codes)s,
    %(by)s, %(author)s)"""

# Whoever evaluates the patient just now may not have seen the answer: its duties are waited for.
LOCK: Final = "SELECT pg_advisory_xact_lock(%s, hashtext(%s))"

# As far as an answer can count (`WithSymptoms`): a day before it, three days after it.
AGAIN: Final = """
INSERT INTO duty (reading_id, organisation_id, patient_id, measured_at)
SELECT id, organisation_id, patient_id, measured_at FROM reading
WHERE organisation_id = %(organisation)s AND patient_id = %(patient)s
  AND measured_at >= %(at)s - interval '1 day' AND measured_at <= %(at)s + interval '3 days'
ON CONFLICT DO NOTHING"""

LIST: Final = """
SELECT at, number, codes, answered_by, author FROM symptom_answer
WHERE organisation_id = %(organisation)s AND patient_id = %(patient)s ORDER BY at DESC LIMIT 100"""

OBSERVED: Final = """
SELECT id AS reading_id, at AS measured_at, at AS received_at, created_at AS stored_at,
    %(symptoms)s AS component, '1' AS unit, 'valid' AS validity, number::numeric AS number
FROM symptom_answer
WHERE organisation_id = %(organisation)s AND patient_id = %(patient)s AND at >= %(since)s"""


class Symptom(StrEnum):
    """What a patient tells of: red flags (heart.org), and those of heart failure (AHA leaflets)."""

    CHEST_PAIN = "chest_pain"
    SHORT_OF_BREATH = "short_of_breath"
    BACK_PAIN = "back_pain"
    NUMBNESS = "numbness"
    WEAKNESS = "weakness"
    VISION_CHANGE = "vision_change"
    TROUBLE_SPEAKING = "trouble_speaking"
    SWELLING = "swelling"
    BREATHLESS_LYING = "breathless_lying"
    DIZZINESS = "dizziness"
    FATIGUE = "fatigue"
    COUGH = "cough"


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody told; without symptoms it is the answer that there are none."""

    at: datetime
    symptoms: tuple[Symptom, ...]
    answered_by: Answered


def add_answer(
    connection: Connection,
    organisation: UUID,
    patient: UUID,
    answer: Answer,
    author: str,
    now: datetime,
) -> int:
    """Write an answer and return how many readings are evaluated again.

    Raises NotFound, and WrongInput for an answer of the future.
    """
    if answer.at > now:
        raise WrongInput("Nobody has told of the future: --at is a moment that has been.")
    must_exist(connection, "patient", patient, organisation)
    row = {
        "id": uuid4(),
        "organisation": organisation,
        "patient": patient,
        "at": answer.at,
        "codes": sorted(set(answer.symptoms)),
        "by": answer.answered_by,
        "author": author,
    }
    connection.execute(LOCK, [LOCK_CLASS, str(patient)])
    connection.execute(ADD, row)
    return connection.execute(AGAIN, row).rowcount


def list_answers(connection: Connection, organisation: UUID, patient: UUID) -> list[dict[str, Any]]:
    """Return what a patient told, the newest first."""
    asked = {"organisation": organisation, "patient": patient}
    return list(connection.execute(LIST, asked))


def observed(
    connection: Connection, organisation: UUID, patient: UUID, since: datetime
) -> Sequence[dict[str, Any]]:
    """Return the answers since a moment, with the names of an observation."""
    asked = {
        "organisation": organisation,
        "patient": patient,
        "since": since,
        "symptoms": SYMPTOMS,
    }
    return connection.execute(OBSERVED, asked).fetchall()
