"""Kind `news2`: the latest vital signs, what is too old, bands, and the words."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerting.model import Observation
from alerting.rules import kinds
from device_profiles.reading import Validity
from tests.unit.alerting.make import episodes, observe
from tests.unit.alerting.windowed import check_arrival, check_bounded, make, reasons, several, told

BANDS = {"P1": {"score": ">= 7"}, "P2": {"score": ">= 5", "single": ">= 3"}}
RULE = make("news2", direction="high", bands=BANDS, clear={"readings": 1})
SCALE_2 = make("news2", direction="high", bands=BANDS, scale=2, on_oxygen=True)
NAMES = {"o": "spo2", "s": "systolic", "p": "pulse", "t": "temperature"}
UNITS = {"temperature": "Cel"}


def vitals(written: str) -> list[Observation]:
    """Make a reading an hour: o95, s105, p95, t38.2; s105+p95 is one reading."""
    return [
        observe(
            NAMES[part[0]], part[1:].rstrip("?"), hour=hour, unit=UNITS.get(NAMES[part[0]])
        ).model_copy(
            update={
                "ordinal": ordinal,
                "validity": Validity.QUESTIONABLE if "?" in part else Validity.VALID,
            }
        )
        for hour, word in enumerate(written.split())
        for ordinal, part in enumerate(word.split("+"))
        if part != "-"
    ]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("o95 s105 p95 t38.2", []),  # 4 points of four
        ("o93 s105 p95 t38.2", ["P2 P2 1 open"]),  # 5
        ("o91", ["P2 P2 1 open"]),  # a single 3
        ("o91 p131 t38.2", ["P1 P1 3 open"]),
        ("o91 o97", ["P2 P2 1 closed"]),
        ("o91 - - - - - - - - - - - p80", ["P2 P2 2 open"]),  # 12 h: known still
        ("o91 - - - - - - - - - - - - p80", ["P2 P2 1 closed"]),  # older: missing
        ("s85+p80", ["P2 P2 1 open"]),
        ("o91?", ["P2 P2 1 open"]),
        ("o91? p80", ["P2 P2 1 closed"]),  # a questionable one speaks for itself alone
    ],
)
def test_bands(written: str, expected: list[str]) -> None:
    assert told(RULE, vitals(written)) == expected


def test_it_names_what_is_missing_and_the_range() -> None:
    (said,) = reasons(RULE, vitals("o93 s105 p95 t38.2"))
    assert said == (
        "(temperature) makes partial NEWS2 5, 4 of 7, range 5 to 13; risk at least medium; "
        "missing: respiration, oxygen, consciousness"
    )
    assert reasons(RULE, vitals("o91 p131 t39.1"))[-1] == (
        "(temperature) makes partial NEWS2 8, 3 of 7, range 8 to 19; risk high; "
        "missing: respiration, oxygen, systolic pressure, consciousness"
    )


def test_scale_2_only_when_set() -> None:
    assert told(RULE, vitals("o90")) == ["P2 P2 1 open"]
    assert told(SCALE_2, vitals("o90")) == []
    assert told(SCALE_2, vitals("o97")) == ["P2 P2 1 open"]
    assert reasons(SCALE_2, vitals("o97"))[0].startswith("(SpO2) makes partial NEWS2 5, 2 of 7")


def test_numbers_and_readings_behind_it() -> None:
    (episode,) = episodes(RULE, vitals("o93 s105 p95 t38.2"))
    (evidence,) = episode.evidence
    facts = {each.name: each.value for each in evidence.facts}
    assert facts["SpO2"] == "93"
    assert facts["points for SpO2"] == "2"
    assert len(evidence.basis) == 3


def test_units_convert() -> None:
    hot = observe("temperature", "102.5", hour=3, unit="[degF]")  # 39.17
    assert told(RULE, [*vitals("o94 p91 s101"), hot]) == ["P2 P2 1 open"]
    kpa = [observe("systolic", "12.0", unit="kPa")]  # 90.007 rounds to 90
    assert told(RULE, kpa) == ["P2 P2 1 open"]
    (problem,) = kinds()["news2"].problems(RULE, [observe("spo2", "0.9", unit="1")])
    assert problem.reason == "NEWS2 has no unit 1"


@pytest.mark.parametrize(
    "change",
    [
        {"direction": "low"},
        {"bands": {"P1": {"score": "<= 3"}}},
        {"bands": {"P1": {"score": ">= 5"}, "P2": {"score": ">= 7"}}},
        {"bands": {"P1": {}}},
        {"scale": 3},
    ],
)
def test_a_rule_that_cannot_be_meant(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        make("news2", **RULE.model_dump() | change)


def test_lint_says_what_is_out_of_reach() -> None:
    lint = kinds()["news2"].lint
    assert lint(RULE) == ()
    out = make("news2", direction="high", bands={"P1": {"score": ">= 15", "single": ">= 3"}})
    assert lint(out) == ("P1: score >= 15 is out of reach with 4 of 7",)


CHART = several(
    {
        "spo2": ["90", "92", "95", "97"],
        "systolic": ["88", "105", "120"],
        "pulse": ["60", "95", "120", "140"],
    }
)


@given(chart=CHART, random=st.randoms(use_true_random=False), hour=st.integers(0, 72))
def test_arrival_and_bounds(chart: list[Observation], random: Random, hour: int) -> None:
    for rule in (RULE, SCALE_2):
        check_arrival(rule, chart, random)
        check_bounded(rule, chart, hour)
