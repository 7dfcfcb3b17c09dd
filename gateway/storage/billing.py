"""The facts of billing: days with readings, minutes, live contacts, consent."""

from datetime import date, timedelta
from typing import Final, Literal
from uuid import UUID

from device_profiles.reading import Frozen
from gateway.care.billing import PERIOD, Month, Standing, periods, standings
from gateway.errors import NotFound
from gateway.storage.database import Connection

# Whatever is in `reading` came from a device by itself. Days are the patient's.
DAYS: Final = """
SELECT DISTINCT (r.measured_at AT TIME ZONE p.timezone)::date AS day
FROM patient p JOIN reading r ON r.organisation_id = p.organisation_id AND r.patient_id = p.id
WHERE p.id = %(patient)s AND r.validity = 'valid'
  AND r.measured_at >= %(since)s::date::timestamp AT TIME ZONE p.timezone
  AND r.measured_at < %(until)s::date::timestamp AT TIME ZONE p.timezone
ORDER BY 1"""
FIRST: Final = """
SELECT (SELECT (r.measured_at AT TIME ZONE p.timezone)::date FROM reading r
    WHERE r.organisation_id = p.organisation_id AND r.patient_id = p.id AND r.validity = 'valid'
    ORDER BY r.measured_at LIMIT 1) AS day,
    (SELECT (c.given_at AT TIME ZONE p.timezone)::date FROM consent c
        WHERE c.patient_id = p.id AND c.kind = 'monitoring' AND c.withdrawn_at IS NULL) AS consent
FROM patient p WHERE p.id = %s"""
MINUTES: Final = """
SELECT coalesce(sum(e.ended_at - e.began_at) FILTER (WHERE e.activity <> 'set_up'), '0') AS time,
    count(*) FILTER (WHERE e.live AND e.activity <> 'set_up') AS live
FROM time_entry e JOIN patient p ON p.id = e.patient_id
WHERE e.patient_id = %(patient)s AND e.voided_at IS NULL
  AND e.began_at >= %(since)s::date::timestamp AT TIME ZONE p.timezone
  AND e.began_at < %(until)s::date::timestamp AT TIME ZONE p.timezone"""


Warned = Literal["no_consent", "no_device_supply"]


class Billing(Frozen):
    """What a month has, and where each code stands.

    `warnings` are for who decides: an audit asks for consent, and for device supply beside
    management (OIG, OEI-02-23-00260, 2024).
    """

    month: Month
    days_with_readings: tuple[date, ...]
    consent_on: date | None
    standings: tuple[Standing, ...]
    warnings: tuple[Warned, ...]


def billing(connection: Connection, patient: UUID, since: date) -> Billing:
    """Return the facts of the calendar month that begins at `since`. Raises NotFound."""
    until = (since + timedelta(days=32)).replace(day=1)
    begun = connection.execute(FIRST, [patient]).fetchone()
    if begun is None:
        raise NotFound("There is no such patient in this organisation.")
    asked = {"patient": patient, "since": since, "until": until}
    worked = connection.execute(MINUTES, asked).fetchone() or {"time": timedelta(0), "live": 0}
    minutes = int(worked["time"] / timedelta(minutes=1))
    month = Month(since=since, until=until, minutes=minutes, live_contacts=worked["live"])
    days = _days(connection, patient, since - PERIOD, until + PERIOD)
    told = ({begun["day"]} if begun["day"] else set()) | set(days)
    found = standings(month, periods(told, since, until))
    return Billing(
        month=month,
        days_with_readings=tuple(day for day in days if since <= day < until),
        consent_on=begun["consent"],
        standings=found,
        warnings=_warnings(found, begun["consent"]),
    )


def _days(connection: Connection, patient: UUID, since: date, until: date) -> list[date]:
    asked = {"patient": patient, "since": since, "until": until}
    return [row["day"] for row in connection.execute(DAYS, asked)]


def _warnings(found: tuple[Standing, ...], consent: date | None) -> tuple[Warned, ...]:
    supply = any(each.units and each.code in ("99445", "99454") for each in found)
    managed = any(each.units and each.code in ("99457", "99458", "99470") for each in found)
    said: list[Warned] = []
    if consent is None:
        said.append("no_consent")
    if managed and not supply:
        said.append("no_device_supply")
    return tuple(said)
