"""The facts of billing: days with readings, minutes, live contacts, consent."""

from datetime import date, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from device_profiles.reading import Frozen
from gateway.care.billing import PERIOD, Month, Standing, periods, standings
from gateway.errors import NotFound
from gateway.storage.database import Connection

# What is in `reading` came from a device by itself. Days are the patient's. Its zone is given as
# a value, not joined: so PostgreSQL knows which months' tables it need not open.
DAYS: Final = """
SELECT DISTINCT (r.measured_at AT TIME ZONE %(zone)s)::date AS day FROM reading r
WHERE r.patient_id = %(patient)s AND r.validity = 'valid'
  AND r.measured_at >= %(since)s::date::timestamp AT TIME ZONE %(zone)s
  AND r.measured_at < %(until)s::date::timestamp AT TIME ZONE %(zone)s
ORDER BY 1"""
WHO: Final = """
SELECT p.timezone AS zone, (SELECT (c.given_at AT TIME ZONE p.timezone)::date FROM consent c
    WHERE c.patient_id = p.id AND c.kind = 'monitoring' AND c.withdrawn_at IS NULL) AS consent
FROM patient p WHERE p.id = %s"""
# The first of years is found in two steps, neither of which reads them all: any reading, which
# comes from the oldest table that has one; then the first of those until it.
ANY: Final = """
SELECT r.measured_at AS at FROM reading r
WHERE r.patient_id = %(patient)s AND r.validity = 'valid' LIMIT 1"""
FIRST: Final = """
SELECT (min(r.measured_at) AT TIME ZONE %(zone)s)::date AS day FROM reading r
WHERE r.patient_id = %(patient)s AND r.validity = 'valid' AND r.measured_at <= %(at)s"""
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
    who = connection.execute(WHO, [patient]).fetchone()
    if who is None:
        raise NotFound("There is no such patient in this organisation.")
    asked = {"patient": patient, "since": since, "until": until, "zone": who["zone"]}
    worked = connection.execute(MINUTES, asked).fetchone() or {"time": timedelta(0), "live": 0}
    minutes = int(worked["time"] / timedelta(minutes=1))
    month = Month(since=since, until=until, minutes=minutes, live_contacts=worked["live"])
    near = {**asked, "since": since - PERIOD, "until": until + PERIOD}
    days = [row["day"] for row in connection.execute(DAYS, near)]
    found = standings(month, periods({*_first(connection, asked), *days}, since, until))
    return Billing(
        month=month,
        days_with_readings=tuple(day for day in days if since <= day < until),
        consent_on=who["consent"],
        standings=found,
        warnings=_warnings(found, who["consent"]),
    )


def _first(connection: Connection, asked: dict[str, Any]) -> list[date]:
    """Return the day of the first reading of all; none where there is none."""
    some = connection.execute(ANY, asked).fetchone()
    if some is None:
        return []
    return [row["day"] for row in connection.execute(FIRST, {**asked, **some})]


def _warnings(found: tuple[Standing, ...], consent: date | None) -> tuple[Warned, ...]:
    supply = any(each.units and each.code in ("99445", "99454") for each in found)
    managed = any(each.units and each.code in ("99457", "99458", "99470") for each in found)
    said: list[Warned] = []
    if consent is None:
        said.append("no_consent")
    if managed and not supply:
        said.append("no_device_supply")
    return tuple(said)
