"""Kind `protocol_average`: the schedule of the ESH, with means from hand."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.model import Observation
from alerting.rules import kinds
from device_profiles.reading import Validity
from tests.unit.alerting.daily import UNHURRIED, check_doubles, on_day, weeks
from tests.unit.alerting.make import episodes
from tests.unit.alerting.windowed import check_bounded, make, reasons, told

GIVEN: dict[str, Any] = {
    "component": "systolic",
    "direction": "high",
    "bands": {
        "P3": {"mm[Hg]": ">= 135", "kPa": ">= 18.0"},
        "P2": {"mm[Hg]": ">= 160", "kPa": ">= 21.3"},
    },
    "clear": {"margin": {"mm[Hg]": 5, "kPa": 0.7}, "readings": 2},
}
HOME = make("protocol_average", **GIVEN)
# Two in the morning, two in the evening.
HOURS = (7, 7.05, 20, 20.05)


def day(number: int, four: str, unit: str = "mm[Hg]") -> list[Observation]:
    """Make a day of the protocol; - is a missing reading."""
    return [
        on_day(number, hour, what, unit)
        for hour, what in zip(HOURS, four.split(), strict=True)
        if what != "-"
    ]


def week(first: str, others: str, unit: str = "mm[Hg]") -> list[Observation]:
    return [*day(0, first, unit), *(one for n in range(1, 7) for one in day(n, others, unit))]


def test_the_first_day_is_dropped() -> None:
    """24 readings with a mean of 134.75; with the first day's 180 it would be 141."""
    assert told(HOME, week("180 180 180 180", "132 133 136 138")) == []


def test_the_mean_of_a_whole_week() -> None:
    """138 136 132 134: mean 135, exactly at the bound, on 24 readings."""
    (episode,) = episodes(HOME, week("100 100 100 100", "134 132 136 138"))
    last = episode.evidence[-1]
    assert last.reason.text() == (
        "brings the mean of 24 readings on 6 days to 135.0 mmHg, at or above 135"
    )
    assert [(fact.name, fact.value, fact.unit) for fact in last.facts] == [
        ("mean", "135.0", "mm[Hg]"),
        ("readings", "24", ""),
        ("days", "6", ""),
    ]
    assert len(last.basis) == 24


def test_nine_are_insufficient_and_ten_are_enough() -> None:
    chart = [*day(0, "150 150 150 150"), *day(1, "150 150 150 150"), *day(2, "150 150 150 150")]
    nine = [*chart, *day(3, "150 - - -")]
    assert told(HOME, nine) == []
    assert reasons(HOME, [*nine, *day(4, "150 - - -")]) == [
        "brings the mean of 10 readings on 4 days to 150.0 mmHg, at or above 135"
    ]


def test_the_window_rolls() -> None:
    """A week without readings: what was before is no part of it."""
    chart = week("150 150 150 150", "150 150 150 150")
    later = [one for n in (14, 15) for one in day(n, "150 150 150 150")]
    assert told(HOME, chart) == ["P3 P3 15 open"]
    assert told(HOME, [*chart, *later]) == ["P3 P3 15 open"]


def test_of_a_half_day_two_count_a_minute_apart() -> None:
    """The third of a morning, and one half a minute after the first, play no part."""
    chart = week("100 100 100 100", "134 132 136 138")
    third = on_day(3, 7.5, "250", "mm[Hg]")
    hasty = on_day(4, 7 + 0.5 / 60, "250", "mm[Hg]")
    assert episodes(HOME, [*chart, third, hasty]) == episodes(HOME, chart)


def test_halves_of_the_day_are_the_patient_s() -> None:
    """Nine hours ahead of UTC, 07:00 and 20:00 UTC are 16:00 and 05:00 of the next day."""
    local = [
        each.model_copy(update={"utc_offset": timedelta(hours=9)})
        for each in week("150 150 150 150", "150 150 150 150")
    ]
    last = episodes(HOME, local)[0].evidence[-1]
    # The days are 0 to 7 there, the last with the two of its morning; the window drops 0 and 1.
    assert [fact.value for fact in last.facts] == ["150.0", "22", "6"]


def test_it_closes_by_the_margin() -> None:
    """From 135 it takes a mean below 130 twice."""
    high, good = "136 136 136 136", "100 100 100 100"
    chart = [one for n in range(5) for one in day(n, high)]
    assert told(HOME, chart)[0].endswith("open")
    # 16 of 136 and one of 100 are 133.9; three are 130.3; five 127.4.
    chart += day(5, good)
    assert told(HOME, chart)[0].endswith("open")
    assert told(HOME, [*chart, *day(6, good)])[0].endswith("closed")


def test_bands_and_kilopascals_exactly() -> None:
    assert told(HOME, week("1 1 1 1", "160 160 160 160")) == ["P2 P2 15 open"]
    kpa = week("10 10 10 10", "18.1 17.9 18.1 17.9", "kPa")
    (episode,) = episodes(HOME, kpa)
    assert str(episode.evidence[-1].reason).endswith("to 18.0 kPa, at or above 18.0")


def test_a_questionable_reading_does_not_count() -> None:
    chart = week("100 100 100 100", "150 150 150 150")
    chart = [*chart[:-1], chart[-1].model_copy(update={"validity": Validity.QUESTIONABLE})]
    assert [fact.value for fact in episodes(HOME, chart)[0].evidence[-1].facts][1] == "23"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ()),
        ({"at_least": 24}, ()),
        ({"at_least": 25}, ("it asks for 25 readings, and 24 are all that count",)),
        ({"component": "mood"}, ("no device measures 'mood'",)),
    ],
)
def test_lint(change: dict[str, Any], said: tuple[str, ...]) -> None:
    assert kinds()["protocol_average"].lint(make("protocol_average", **GIVEN | change)) == said


def test_a_unit_that_does_not_convert_is_a_problem() -> None:
    (problem,) = kinds()["protocol_average"].problems(HOME, [on_day(0, 7, "12", "%")])
    assert problem.reason == "no bound for the unit %"


SMALL = make("protocol_average", **GIVEN | {"days": 5, "at_least": 3, "per_half_day": 1})
CHARTS = weeks(
    "systolic", {"mm[Hg]": ["120", "134", "136", "150", "170"], "kPa": ["15.9", "18.1", "21.9"]}
)


@UNHURRIED
@given(chart=CHARTS, random=st.randoms(use_true_random=False))
def test_order_and_doubles_change_nothing(chart: list[Observation], random: Random) -> None:
    check_doubles(SMALL, chart, random)


@UNHURRIED
@given(chart=CHARTS, hour=st.integers(0, 30 * 24))
def test_bounded_is_whole(chart: list[Observation], hour: int) -> None:
    check_bounded(SMALL, chart, hour)
