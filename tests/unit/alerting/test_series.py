"""Series of numbers: one unit, the patient's own days, no doubles, nothing but valid readings."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from alerting.model import Observation
from alerting.rules import ALWAYS, concerned
from alerting.series import BASIS, daily
from device_profiles.reading import Validity
from tests.unit.alerting.daily import on_day
from tests.unit.alerting.make import observe

MMHG = ("mm[Hg]",)


def rows(observations: Sequence[Observation], span: int) -> list[list[float]]:
    (found,) = daily(MMHG, concerned(("systolic",), observations), ALWAYS, span)
    return [[float(number) for number in row] for row in np.nan_to_num(found.rows, nan=0)]


def test_a_day_is_its_median_and_today_is_up_to_the_reading() -> None:
    chart = [on_day(0, 7, "150", "mm[Hg]"), on_day(0, 8, "130", "mm[Hg]")]
    chart += [on_day(0, 20, "131", "mm[Hg]"), on_day(2, 7, "120", "mm[Hg]")]
    assert rows(chart, 3) == [[0, 0, 150], [0, 0, 140], [0, 0, 131], [131, 0, 120]]


def test_days_are_the_patient_s() -> None:
    """At 18:00 in Los Angeles it is the next day in UTC."""
    local = timedelta(hours=-8)
    chart = [on_day(0, hour + 8, what, "mm[Hg]") for hour, what in ((8, "140"), (18, "120"))]
    assert rows(chart, 2) == [[0, 140], [140, 120]]
    chart = [each.model_copy(update={"utc_offset": local}) for each in chart]
    assert rows(chart, 2) == [[0, 140], [0, 130]]


def test_only_valid_readings_and_each_once() -> None:
    chart = [on_day(0, 7, "120", "mm[Hg]"), on_day(0, 8, "140", "mm[Hg]")]
    doubt = on_day(0, 9, "200", "mm[Hg]").model_copy(update={"validity": Validity.QUESTIONABLE})
    beyond = observe("systolic", "HI", hour=5)
    assert rows([*chart, *chart, doubt, beyond], 1) == [[120], [130]]


def test_a_series_is_in_the_unit_of_the_reading_that_is_judged() -> None:
    chart = [on_day(0, 7, "120", "mm[Hg]"), on_day(1, 7, "18", "kPa")]
    assert rows(chart, 2) == [[0, 120], [120, 18 * 7.50062]]
    both = list(daily(("mm[Hg]", "kPa"), chart, chart[1].measured_at, 2))
    assert [(each.unit, len(each.judged)) for each in both] == [("kPa", 1)]
    assert np.allclose(both[0].rows, [[120 / 7.50062, 18]], rtol=1e-12)
    assert not list(daily(("%",), chart, ALWAYS, 2))


def test_the_basis_is_the_middle_of_each_day() -> None:
    chart = [on_day(0, hour, what, "mm[Hg]") for hour, what in ((7, "150"), (8, "130"), (9, "131"))]
    chart += [on_day(1, hour, what, "mm[Hg]") for hour, what in ((7, "120"), (8, "122"))]
    (found,) = daily(MMHG, chart, ALWAYS, 2)
    assert found.basis(4) == tuple(chart[n].reading_id for n in (2, 3, 4))
    many = [on_day(day, 7, "120", "mm[Hg]") for day in range(90)]
    (found,) = daily(MMHG, many, ALWAYS, 90)
    assert found.basis(89) == tuple(each.reading_id for each in many[-BASIS:])
