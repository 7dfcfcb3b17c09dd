"""A patient agrees no more, or again: what people then have to do, and what they need not any more.

Nothing stops by itself: readings that still come are kept and judged, until a person has taken the
devices back and ended the programme. That nobody measures is no silence any more (`silence.py`).
"""

from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from alerting.words import template
from gateway.care.about import CONSENT_WITHDRAWN
from gateway.care.technical import Whose, end_task, note_task, open_task
from gateway.storage import consents
from gateway.storage.consents import By, How, NewConsent
from gateway.storage.database import Connection

TITLE: Final = template("Consent withdrawn")
SENTENCE: Final = template(
    "The patient agrees no more to be monitored: take the hub and the devices back, and end the "
    "programme. What they still send until then is kept and judged."
)
AGREED_AGAIN: Final = template("the patient agrees again")
WITHDRAWN_AGAIN: Final = template("the patient withdrew their consent again")

WHOSE: Final = "SELECT organisation_id, timezone FROM patient WHERE id = %s"
OPEN: Final = """
SELECT id FROM task WHERE patient_id = %s AND rule_key = %s
  AND status NOT IN ('completed', 'cancelled', 'entered-in-error') FOR UPDATE"""


def give(connection: Connection, patient: UUID, new: NewConsent, by: By, now: datetime) -> UUID:
    """Write a yes down; whoever was to end the monitoring need not. Raises NotFound, Conflict."""
    given = consents.give(connection, patient, new, by, now)
    for row in connection.execute(OPEN, [patient, CONSENT_WITHDRAWN]).fetchall():
        end_task(connection, row["id"], AGREED_AGAIN, now)
    return given


def withdraw(
    connection: Connection, patient: UUID, consent: UUID, how: How, by: By, now: datetime
) -> None:
    """Write a no down from now on, with the task that follows from it. Raises NotFound."""
    consents.withdraw(connection, patient, consent, how, now, by, now)
    row = connection.execute(WHOSE, [patient]).fetchone()
    if row is not None:
        whose = Whose(row["organisation_id"], patient, ZoneInfo(row["timezone"]))
        _ask_for_the_end(connection, whose, by.name, now)


def _ask_for_the_end(connection: Connection, whose: Whose, by: str, now: datetime) -> None:
    """Open the task; who has taken it, and was told that they agree again, is told the contrary."""
    taken = connection.execute(OPEN, [whose.patient, CONSENT_WITHDRAWN]).fetchone()
    if taken is not None:
        note_task(connection, whose.organisation, taken["id"], WITHDRAWN_AGAIN, now, by)
        return
    told = (CONSENT_WITHDRAWN, TITLE, SENTENCE)
    open_task(connection, whose, *told, now, queue="adherence", by=by)
