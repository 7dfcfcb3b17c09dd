"""Columns of a chart: what two devices told in two units is one line of one unit."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from gateway.storage.patient_page import Bucket
from gateway.web.series import Around, chart
from gateway.web.vitals import VITALS

DAY = datetime(2026, 10, 25, tzinfo=UTC)
GLUCOSE = next(vital for vital in VITALS if "glucose" in vital.names)


def bucket(unit: str, day: int, readings: int, *numbers: str) -> Bucket:
    low, mean, high = map(Decimal, numbers)
    return Bucket("glucose", unit, DAY + timedelta(days=day), readings, low, high, mean)


def test_a_day_of_two_meters_is_all_of_their_readings() -> None:
    rows = [
        bucket("mg/dL", 0, 3, "90", "100", "110"),
        bucket("mmol/L", 0, 1, "10", "10", "10"),
        bucket("mg/dL", 1, 2, "80", "85", "90"),
    ]
    (line,) = chart(GLUCOSE, rows, Around((), (), (), (), {}))["series"]
    assert line["counts"] == [4, 2]
    assert line["low"] == [90, 80]
    # 10 mmol/L of glucose (180.156 g/mol) are 180.16 mg/dL.
    assert [round(each) for each in line["high"]] == [180, 90]
    assert [round(each) for each in line["value"]] == [120, 85]


def test_a_unit_that_fits_nothing_is_left_out() -> None:
    rows = [bucket("mg/dL", 0, 3, "90", "100", "110"), bucket("kg", 0, 1, "1", "1", "1")]
    (line,) = chart(GLUCOSE, rows, Around((), (), (), (), {}))["series"]
    assert (line["value"], line["counts"]) == ([100], [3])
