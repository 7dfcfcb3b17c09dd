"""NEWS2: published cases, every step of the chart, and what missing parameters leave open."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.news2 import MOST, Parameter, Partial, Risk, Vitals, partial, risk

# Cases and expected values: gdl-lang/common-clinical-models, gdl2/NEWS2.v1.test.yml at commit
# 4a9eccc7f6b9a356384eeb8af95457a22b4949a8 (Apache-2.0), 8 of its cases. NEWS2: Royal College of
# Physicians, National Early Warning Score (NEWS) 2, 2017. Respiration, SpO2, systolic, pulse,
# temperature, scale, oxygen, alert; then points of respiration, SpO2, oxygen, systolic, pulse,
# consciousness, temperature, total and risk.
CASES = {
    "score 0": ("20 98 111 78 37 1 no yes", "0 0 0 0 0 0 0 0", Risk.LOW),
    "score 1, spO2": ("20 95 111 78 37 1 no yes", "0 1 0 0 0 0 0 1", Risk.LOW),
    "score 3, spO2": ("20 91 111 78 37 1 no yes", "0 3 0 0 0 0 0 3", Risk.LOW_MEDIUM),
    "Hypercapnic RF, high SpO2 no supplementary O2": (
        "20 98 111 78 37 2 no yes",
        "0 0 0 0 0 0 0 0",
        Risk.LOW,
    ),
    "Unconscious": ("20 98 111 78 37 2 yes no", "0 3 2 0 0 3 0 8", Risk.HIGH),
    "High fever": ("20 98 111 78 40 2 yes no", "0 3 2 0 0 3 2 10", Risk.HIGH),
    "Tachycardia": ("20 98 111 150 40 2 yes no", "0 3 2 0 3 3 2 13", Risk.HIGH),
    "high RR": ("27 98 230 150 40 2 yes no", "3 3 2 3 3 3 2 19", Risk.HIGH),
}
NUMBERS = (
    Parameter.RESPIRATION,
    Parameter.SPO2,
    Parameter.SYSTOLIC,
    Parameter.PULSE,
    Parameter.TEMPERATURE,
)


def vitals(written: str) -> Vitals:
    *numbers, scale, oxygen, alert = written.split()
    return Vitals(
        numbers=dict(zip(NUMBERS, map(Decimal, numbers), strict=True)),
        scale=2 if scale == "2" else 1,
        on_oxygen=oxygen == "yes",
        alert=alert == "yes",
    )


@pytest.mark.parametrize("case", CASES)
def test_published_cases(case: str) -> None:
    given, expected, expected_risk = CASES[case]
    found = partial(vitals(given))
    points = [found.points[parameter].least for parameter in Parameter]
    assert [*points, found.score] == [int(n) for n in expected.split()]
    assert (found.risk, found.known, found.missing) == (expected_risk, 7, ())
    assert found.most == found.score


def points(parameter: Parameter, number: str, scale: int = 1, oxygen: bool | None = False) -> int:
    given = Vitals({parameter: Decimal(number)}, oxygen, scale=2 if scale == 2 else 1)
    return partial(given).points[parameter].least


# Both sides of every step of the chart.
@pytest.mark.parametrize(
    ("parameter", "steps"),
    [
        (Parameter.RESPIRATION, "8:3 9:1 11:1 12:0 20:0 21:2 24:2 25:3"),
        (Parameter.SPO2, "91:3 92:2 93:2 94:1 95:1 96:0 100:0"),
        (Parameter.SYSTOLIC, "90:3 91:2 100:2 101:1 110:1 111:0 219:0 220:3"),
        (Parameter.PULSE, "40:3 41:1 50:1 51:0 90:0 91:1 110:1 111:2 130:2 131:3"),
        (Parameter.TEMPERATURE, "35.0:3 35.1:1 36.0:1 36.1:0 38.0:0 38.1:1 39.0:1 39.1:2"),
        # Rounded first, half away from zero.
        (Parameter.TEMPERATURE, "35.04:3 35.05:1 36.04:1 36.05:0 38.04:0 38.05:1 39.04:1 39.05:2"),
        (Parameter.SYSTOLIC, "90.4:3 90.5:2"),
    ],
)
def test_every_step(parameter: Parameter, steps: str) -> None:
    for step in steps.split():
        number, expected = step.split(":")
        assert points(parameter, number) == int(expected), step


@pytest.mark.parametrize(
    ("oxygen", "steps"),
    [
        (False, "83:3 84:2 85:2 86:1 87:1 88:0 92:0 93:0 97:0 100:0"),
        (True, "83:3 84:2 85:2 86:1 87:1 88:0 92:0 93:1 94:1 95:2 96:2 97:3 100:3"),
    ],
)
def test_every_step_of_scale_2(oxygen: bool, steps: str) -> None:
    for step in steps.split():
        number, expected = step.split(":")
        assert points(Parameter.SPO2, number, 2, oxygen) == int(expected), step


def test_four_of_seven_name_what_is_missing_and_the_range() -> None:
    four = {
        Parameter.SPO2: Decimal(95),
        Parameter.SYSTOLIC: Decimal(105),
        Parameter.PULSE: Decimal(95),
        Parameter.TEMPERATURE: Decimal("38.2"),
    }
    found = partial(Vitals(four))
    assert (found.score, found.known, found.most) == (4, 4, 4 + 3 + 2 + 3)
    assert found.missing == (Parameter.RESPIRATION, Parameter.OXYGEN, Parameter.CONSCIOUSNESS)
    assert (found.risk, found.least_risk) == (None, Risk.LOW)


def test_a_class_is_named_where_nothing_missing_could_change_it() -> None:
    seven = {Parameter.SPO2: Decimal(91), Parameter.PULSE: Decimal(131)}
    assert partial(Vitals(seven)).risk is None
    assert partial(Vitals(seven)).least_risk is Risk.MEDIUM
    assert partial(Vitals(seven | {Parameter.TEMPERATURE: Decimal(36)})).risk is Risk.HIGH


def test_oxygen_alone_is_no_single_three() -> None:
    numbers = vitals("20 98 111 78 37 1 no yes").numbers
    assert partial(Vitals(numbers, None, alert=True)).risk is Risk.LOW


def test_on_scale_2_a_high_value_hangs_on_oxygen() -> None:
    numbers = vitals("20 97 111 78 37 2 no yes").numbers
    found = partial(Vitals(numbers, None, alert=True, scale=2))
    assert (found.score, found.most, found.risk) == (0, 3 + 2, None)


def test_nothing_known() -> None:
    found = partial(Vitals())
    assert (found.score, found.known, found.most, found.risk) == (0, 0, 20, None)


NUMBER = {
    Parameter.RESPIRATION: st.integers(4, 40),
    Parameter.SPO2: st.integers(70, 100),
    Parameter.SYSTOLIC: st.integers(60, 250),
    Parameter.PULSE: st.integers(30, 180),
    Parameter.TEMPERATURE: st.integers(34, 41),
}


@given(data=st.data(), scale=st.sampled_from([1, 2]), missing=st.sets(st.sampled_from(Parameter)))
def test_the_whole_score_is_never_outside_of_what_was_said(
    data: st.DataObject, scale: int, missing: set[Parameter]
) -> None:
    numbers = {p: Decimal(data.draw(values)) for p, values in NUMBER.items()}
    oxygen, alert = data.draw(st.booleans()), data.draw(st.booleans())
    scale_ = 2 if scale == 2 else 1
    whole = partial(Vitals(numbers, oxygen, alert, 2 if scale == 2 else 1))
    part = partial(
        Vitals(
            {p: n for p, n in numbers.items() if p not in missing},
            None if Parameter.OXYGEN in missing else oxygen,
            None if Parameter.CONSCIOUSNESS in missing else alert,
            2 if scale_ == 2 else 1,
        )
    )
    assert part.score <= whole.score <= part.most
    assert part.risk in (None, whole.risk)
    assert whole.risk is not None
    assert part.least_risk <= whole.risk
    assert set(part.missing) == missing


def test_risk_classes() -> None:
    told = [risk(s, 0) for s in range(8)]
    assert told == [Risk.LOW] * 5 + [Risk.MEDIUM] * 2 + [Risk.HIGH]
    assert [risk(s, 3) for s in (3, 4, 5)] == [Risk.LOW_MEDIUM, Risk.LOW_MEDIUM, Risk.MEDIUM]
    assert sum(MOST.values()) == 20
    assert Partial({}).single == 0
