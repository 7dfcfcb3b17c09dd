"""What a patient's page asks at once: how tasks ended, silences, and what is usual for them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from alerting.model import Severity
from device_profiles.reading import Frozen
from gateway.storage.database import Connection
from gateway.storage.readings import By, Whose

# The base of `alerting` for days: the last 28 that are three days old or more.
LAG: Final = timedelta(days=3)
BASE: Final = timedelta(days=28)
FEWEST: Final = 8

ENDED: Final = """
SELECT t.id, t.title, t.sentence, t.queue, t.priority, t.status, t.created_at, t.closed_at,
    t.closed_by, t.closed_reason, t.disposition ->> 'outcome' AS outcome,
    t.disposition ->> 'urgency' AS urgency, t.disposition ->> 'note' AS note,
    t.alert_id
FROM task t WHERE t.patient_id = %(patient)s AND t.closed_at IS NOT NULL
ORDER BY t.created_at DESC LIMIT %(limit)s"""

SILENCES: Final = """
SELECT c.measure, s.since, s.missed, s.excused, s.step, s.held, s.held_by, s.task_id
FROM silence s JOIN schedule c ON c.id = s.schedule_id
WHERE s.patient_id = %s AND s.ended_at IS NULL ORDER BY s.since, c.measure"""

USUAL: Final = """
WITH daily AS (
    SELECT v.name, v.unit, (v.measured_at AT TIME ZONE %(zone)s)::date AS day,
        percentile_disc(0.5) WITHIN GROUP (ORDER BY v.number) AS value
    FROM reading_value v
    WHERE v.patient_id = %(patient)s AND v.name = ANY(%(names)s) AND v.validity = 'valid'
      AND v.number IS NOT NULL AND v.measured_at >= %(since)s AND v.measured_at < %(until)s
    GROUP BY 1, 2, 3)
SELECT name, unit, count(*) AS days,
    round((percentile_cont(0.5) WITHIN GROUP (ORDER BY value))::numeric, 1) AS value
FROM daily GROUP BY name, unit"""

# The newest of each value; only what is so new that it says how they are.
LATEST: Final = """
SELECT n.name, l.measured_at, l.number, l.unit, l.absent, l.validity
FROM unnest(%(names)s::text[]) AS n(name)
CROSS JOIN LATERAL (SELECT v.measured_at, v.number, v.unit, v.absent, v.validity
    FROM reading_value v WHERE v.patient_id = %(patient)s AND v.name = n.name
      AND v.measured_at >= %(since)s AND v.measured_at <= %(until)s
      AND v.validity IN ('valid', 'questionable')
    ORDER BY v.measured_at DESC LIMIT 1) l"""

NUMBERED: Final = """
SELECT n.name FROM unnest(%(names)s::text[]) AS n(name)
WHERE EXISTS (SELECT FROM reading_value v WHERE v.patient_id = %(patient)s AND v.name = n.name
    AND v.measured_at >= %(since)s AND v.measured_at <= %(until)s AND v.number IS NOT NULL)"""

# As `readings.buckets`, without the median: no chart shows it, and it makes everything be sorted.
BUCKETS: Final = """
SELECT v.name, v.unit, date_trunc(%(by)s, v.measured_at AT TIME ZONE %(zone)s)
        AT TIME ZONE %(zone)s AS since,
    count(*) AS readings, min(v.number) AS lowest, max(v.number) AS highest,
    round(avg(v.number), 2) AS mean
FROM reading_value v
WHERE v.patient_id = %(patient)s AND v.name = ANY(%(names)s)
  AND v.measured_at >= %(since)s AND v.measured_at < %(until)s
  AND v.validity = 'valid' AND v.number IS NOT NULL
GROUP BY 1, 2, 3"""

# Of months there are as many tables as there were: a plan that is kept leaves out those that a
# moment does not need when it runs, for a tenth of what planning anew takes.
KEEP_PLANS: Final = "SET LOCAL plan_cache_mode = force_generic_plan"

UNITS: Final = "SELECT units FROM organisation WHERE id = %s"


class Ended(Frozen):
    """A task that is over, and how."""

    id: UUID
    title: str
    sentence: str
    queue: str
    priority: Severity
    status: str
    created_at: datetime
    closed_at: datetime
    closed_by: str | None
    closed_reason: str | None
    outcome: str | None
    urgency: str | None
    note: str | None
    alert_id: UUID | None


class Silent(Frozen):
    """A value that does not come, since when, and what holds the question back."""

    measure: str
    since: date
    missed: int
    excused: int
    step: str
    held: str
    held_by: str | None
    task_id: UUID | None


class Usual(Frozen):
    """What is usual for a patient: the median of so many days."""

    name: str
    unit: str
    days: int
    value: Decimal


class Latest(Frozen):
    """The newest of a value."""

    name: str
    measured_at: datetime
    number: Decimal | None
    unit: str
    absent: str | None
    validity: str


class Bucket(NamedTuple):
    """Valid values of a day, week or month of the patient's, from `since` on."""

    name: str
    unit: str
    since: datetime
    readings: int
    lowest: Decimal
    highest: Decimal
    mean: Decimal


def keep_plans(connection: Connection) -> None:
    """Plan each statement of this transaction once, not for each of its values."""
    connection.execute(KEEP_PLANS)


def buckets(
    connection: Connection, whose: Whose, names: list[str], by: By, zone: str
) -> list[Bucket]:
    """Return valid values by the patient's days, weeks or months, in no order."""
    asked = {**dict(whose), "names": names, "by": by, "zone": zone}
    return [Bucket(**row) for row in connection.execute(BUCKETS, asked)]


def ended(connection: Connection, patient: UUID, limit: int = 30) -> tuple[Ended, ...]:
    """Return tasks that are over, the newest first."""
    rows = connection.execute(ENDED, {"patient": patient, "limit": limit})
    return tuple(Ended(**row) for row in rows)


def silent(connection: Connection, patient: UUID) -> tuple[Silent, ...]:
    """Return what does not come."""
    return tuple(Silent(**row) for row in connection.execute(SILENCES, [patient]))


def usual(
    connection: Connection, patient: UUID, names: list[str], zone: str, now: datetime
) -> tuple[Usual, ...]:
    """Return the patient's base where there are days enough for one."""
    asked: dict[str, Any] = {"patient": patient, "names": names, "zone": zone}
    asked |= {"since": now - LAG - BASE, "until": now - LAG}
    found = (Usual(**row) for row in connection.execute(USUAL, asked))
    return tuple(each for each in found if each.days >= FEWEST)


def latest(
    connection: Connection, patient: UUID, names: list[str], since: datetime, until: datetime
) -> tuple[Latest, ...]:
    """Return the newest of each value in a time."""
    asked = {"patient": patient, "names": names, "since": since, "until": until}
    return tuple(Latest(**row) for row in connection.execute(LATEST, asked))


def without_number(
    connection: Connection, patient: UUID, names: list[str], since: datetime, until: datetime
) -> set[str]:
    """Return of these names those of which no number came, as of cuffs that reckon no mean."""
    if not names:
        return set()
    asked = {"patient": patient, "names": names, "since": since, "until": until}
    return set(names) - {row["name"] for row in connection.execute(NUMBERED, asked)}


def units_of(connection: Connection, organisation: UUID) -> dict[str, str]:
    """Return the units that an organisation reads in, by quantity."""
    row = connection.execute(UNITS, [organisation]).fetchone()
    return dict(row["units"]) if row else {}
