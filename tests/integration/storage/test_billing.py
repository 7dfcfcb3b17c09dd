"""The facts of billing, as the console's role sees them: each is what a plain look at rows says."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.care.billing import PERIOD
from gateway.storage.as_app import as_app
from gateway.storage.billing import billing
from gateway.storage.database import Database
from simulators.console_load.fill import Clinic, fill

ZONE = "Europe/Vienna"
PLAIN = """
SELECT DISTINCT (measured_at AT TIME ZONE 'Europe/Vienna')::date AS day FROM reading
WHERE patient_id = %s AND validity = 'valid' ORDER BY 1"""


def _do(database: Database, statement: str, *given: Any) -> None:
    with database.transaction() as connection:
        connection.execute(statement, given)


def _check(database: Database, organisation: UUID, patient: UUID) -> None:
    with database.transaction() as connection:
        days = [row["day"] for row in connection.execute(PLAIN, [patient])]
        month = (days[-1] - timedelta(days=40)).replace(day=1)
        told = billing(as_app(connection, organisation), patient, month)
    assert told.days_with_readings == tuple(day for day in days if month <= day < told.month.until)
    thirty = [each for each in told.standings if each.code == "99454"]
    assert thirty
    assert all((each.since - days[0]) % PERIOD == timedelta(0) for each in thirty)


@pytest.mark.parametrize("first_is", ["valid", "invalid"])
def test_periods_begin_with_the_first_of_years(embedded_database: Database, first_is: str) -> None:
    """Whichever table of the series the first valid reading is in."""
    organisation = uuid4()
    _do(embedded_database, "INSERT INTO organisation (id, name) VALUES (%s, 'A')", organisation)
    clinic = Clinic(organisation, tasks=1, patients=1, years=1)
    patient = fill(embedded_database.url, clinic, (uuid4(), uuid4()))
    _do(
        embedded_database,
        "UPDATE reading SET validity = %s WHERE measured_at < now() - interval '300 days'",
        first_is,
    )
    _check(embedded_database, organisation, patient)


def test_without_readings_there_is_no_period(embedded_database: Database) -> None:
    organisation, patient = uuid4(), uuid4()
    _do(embedded_database, "INSERT INTO organisation (id, name) VALUES (%s, 'A')", organisation)
    _do(
        embedded_database,
        "INSERT INTO patient (id, organisation_id, name, timezone) VALUES (%s, %s, 'B', %s)",
        *(patient, organisation, ZONE),
    )
    with embedded_database.transaction() as connection:
        told = billing(as_app(connection, organisation), patient, date(2026, 10, 1))
    assert told.days_with_readings == ()
    assert not [each for each in told.standings if each.code == "99454"]
