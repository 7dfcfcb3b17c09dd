"""A back-test of all patients at once says, alert by alert, what the live evaluator says."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.backtest.found import Found
from alerting.backtest.run import InForce, Result, run
from alerting.backtest.series import collect
from alerting.columns import micros, scaled, unscaled
from alerting.model import Observation, Rule
from alerting.pipeline import decide
from alerting.pipeline.decisions import Open, alert_id
from alerting.pipeline.evaluate import Evaluate
from alerting.rules.sustained import Sustained
from alerting.rules.threshold import Threshold
from device_profiles.reading import Absent, Validity
from tests.unit.alerting.make import NOON, PACK, series

WHAT = st.sampled_from(
    [
        *[
            ("mg/dL", w)
            for w in ("0", "53.9", "54", "55", "59", "64", "69", "70", "74", "80", "120")
        ],
        *[("mg/dL", w) for w in ("69.99999999", "70.0000000001", "240", "251", "301", "1E+20")],
        *[("mmol/L", w) for w in ("2.99", "3.0", "3.1", "3.6", "3.89", "3.9", "4.5", "13.9", "14")],
        *[("mg/dL", w) for w in ("HI", "LO", "NaN")],
        ("furlong", "60"),
    ]
)
VALIDITY = st.sampled_from([Validity.VALID] * 5 + [Validity.QUESTIONABLE] * 2 + [Validity.CONTROL])
DELAY = st.sampled_from([timedelta(seconds=5)] * 4 + [timedelta(hours=h) for h in (30, 50)])
LIMITS = st.sampled_from(["54", "59.5", "64", "70", "80"])


@st.composite
def charts(draw: st.DrawFn) -> list[Observation]:
    """Draw one patient's readings: some of one moment, some several values of one reading."""
    chart: list[Observation] = []
    for n in range(draw(st.integers(0, 18))):
        unit, what = draw(WHAT)
        odd = what in ("HI", "LO", "NaN")
        new = not chart or draw(st.integers(0, 7)) > 0
        at = NOON + timedelta(hours=draw(st.integers(0, 12))) if new else chart[-1].measured_at
        told = at + draw(DELAY)
        chart.append(
            Observation(
                reading_id=UUID(int=(draw(st.integers(0, 2**120 - 1)) << 8) + n)
                if new
                else chart[-1].reading_id,
                measured_at=at,
                received_at=told,
                stored_at=told,
                component="glucose",
                unit=unit,
                validity=draw(VALIDITY),
                number=None if odd else Decimal(what),
                absent=Absent(what) if odd else None,
                ordinal=n,
            )
        )
    return chart


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Draw a threshold of glucose, low or high, with one to four bands."""
    low = draw(st.booleans())
    limits = sorted(draw(st.sets(LIMITS, min_size=1, max_size=4)), key=Decimal, reverse=not low)
    signs = ("< ", "<= ") if low else ("> ", ">= ")
    units = draw(st.sampled_from([("mg/dL",), ("mmol/L",), ("mg/dL", "mmol/L")]))
    bands = draw(st.sets(st.sampled_from(["P1", "P2", "P3", "P4"]), min_size=len(limits)))
    per = {"mg/dL": Decimal(1), "mmol/L": Decimal("18.0182")}
    given = {
        band: {
            unit: f"{draw(st.sampled_from(signs))}{Decimal(limit) / per[unit]}" for unit in units
        }
        for band, limit in zip(sorted(bands), limits, strict=False)
    }
    margin = draw(st.sampled_from(["0", "5", "10", "100"]))
    return Threshold(
        key="drawn",
        version=1,
        title="Drawn",
        label="Glucose",
        component="glucose",
        direction="low" if low else "high",
        bands=given,
        clear={"margin": dict.fromkeys(units, margin), "readings": draw(st.integers(1, 4))},
        beyond_range=draw(st.sampled_from([None, "P1", "P4"])),
        source="drawn",
    )


@st.composite
def sustained(draw: st.DrawFn) -> Rule:
    """Draw a rule that asks for several readings, or for a time."""
    plain = draw(rules()).model_dump(exclude={"kind", "beyond_range"})
    times = draw(st.integers(2, 4))
    within = timedelta(hours=draw(st.integers(1, 12)))
    by_count = draw(st.booleans())
    how: dict[str, object] = (
        {"of": draw(st.integers(times, 6))}
        if by_count
        else {"lasting": min(within, timedelta(hours=draw(st.integers(1, 6))))}
    )
    if draw(st.booleans()):
        single = draw(rules()).model_dump(include={"bands", "beyond_range", "direction"})
        units = [
            set(table) for bands in (single["bands"], plain["bands"]) for table in bands.values()
        ]
        if single.pop("direction") == plain["direction"] and units.count(units[0]) == len(units):
            how["alone"] = single
    return Sustained.model_validate({**plain, "times": times, "within": within, **how})


def rows(found: Found) -> list[tuple[object, ...]]:
    names = [f.name for f in fields(found) if f.name not in ("rule", "evidence")]
    told = found.evidence
    evidence = [f.name for f in fields(told)]
    return [
        *zip(*(getattr(found, name).tolist() for name in names), strict=True),
        *zip(*(getattr(told, name).tolist() for name in evidence), strict=True),
    ]


def alerts(result: Result) -> set[tuple[str, str, int, int]]:
    (found,) = result.found
    opened = np.flatnonzero(found.opens)
    return {
        (
            result.series.patients[found.patient[n]],
            str(UUID(int=(int(found.high[n]) << 64) | int(found.low[n]))),
            max(int(found.severity[n]), int(found.timely[n])),
            int(found.timely[n]),
        )
        for n in opened
    }


def live(rule: Rule, people: dict[str, list[Observation]]) -> set[tuple[str, str, int, int]]:
    """Return what the worker would open, had all of a chart come at once."""
    told = set()
    for name, chart in people.items():
        news = frozenset(each.reading_id for each in chart)
        episodes = Evaluate([rule])(chart, NOON)
        for decision in decide([rule], episodes, [], news, NOON):
            if isinstance(decision, Open):
                (episode,) = decision.episodes
                assert decision.alert == alert_id(episode)
                first = str(episode.opened_by.observation.reading_id)
                told.add((name, first, int(decision.severity[1]), int(decision.peak[1])))
    return told


@given(rule=rules() | sustained(), people=st.lists(charts(), max_size=4))
def test_all_at_once_is_one_by_one(rule: Rule, people: list[list[Observation]]) -> None:
    named = {f"p{number}": chart for number, chart in enumerate(people)}
    history, plan = collect(named), [InForce(rule)]
    at_once, one_by_one = run(history, plan), run(history, plan, steps=True)
    assert rows(at_once.found[0]) == rows(one_by_one.found[0])
    assert at_once.stepwise == frozenset()
    assert one_by_one.stepwise == ({"drawn"} if history.components else frozenset())
    assert alerts(at_once) == live(rule, named)


@settings(max_examples=40)
@given(rule=sustained(), people=st.lists(charts(), min_size=1, max_size=3), hour=st.integers(0, 12))
def test_what_is_looked_back_on_is_the_same(
    rule: Rule, people: list[list[Observation]], hour: int
) -> None:
    named = {f"p{number}": chart for number, chart in enumerate(people)}
    history = collect(named, begin=micros(NOON + timedelta(hours=hour)))
    at_once, one_by_one = (run(history, [InForce(rule)], steps=steps) for steps in (False, True))
    assert rows(at_once.found[0]) == rows(one_by_one.found[0])


def at_once(rule: Rule, *charts: Sequence[Observation]) -> Found:
    named = {f"p{number}": chart for number, chart in enumerate(charts)}
    (found,) = run(collect(named), [InForce(rule)]).found
    return found


def test_an_episode_ends_with_its_patient() -> None:
    systolic = PACK["systolic_high"]
    found = at_once(
        systolic, series("systolic", "120 184"), series("systolic", "120 120 184 120 1")
    )
    assert found.patient.tolist() == [0, 1]
    assert (found.closed_at > 0).tolist() == [False, True]


def test_one_patient_has_limits_of_their_own() -> None:
    rule = PACK["spo2_low"]
    own = rule.model_copy(update={"bands": {"P2": PACK["spo2_low"].bands["P1"]}})  # type: ignore[attr-defined]
    named = {name: series("spo2", "91") for name in ("first", "own", "last")}
    plan = [InForce(rule), InForce(own, frozenset({1}))]
    (found,) = run(collect(named), plan).found
    assert list(zip(found.patient.tolist(), found.peak.tolist(), strict=True)) == [
        (0, 1),
        (1, 2),
        (2, 1),
    ]


def test_readings_before_the_period_open_nothing() -> None:
    chart = series("systolic", "184 184 120 120 190")
    history = collect({"p": chart}, begin=micros(chart[2].measured_at))
    (found,) = run(history, [InForce(PACK["systolic_high"])]).found
    assert found.readings.tolist() == [1]


@pytest.mark.parametrize("text", ["0", "0.0", "5.55", "-3.000001", "999999999", "36.60", "1E+2"])
def test_numbers_scale_without_loss(text: str) -> None:
    number = scaled(Decimal(text))
    assert number is not None
    assert unscaled(number) == Decimal(text)


@pytest.mark.parametrize("text", ["0.0000001", "1E+12", "5.5555555"])
def test_what_does_not_scale_is_said(text: str) -> None:
    assert scaled(Decimal(text)) is None
