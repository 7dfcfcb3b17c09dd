"""Kind `flagged`: marks of a device that come again and again."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerting.model import Observation
from alerting.rules import kinds
from device_profiles.codecs import blood_pressure
from device_profiles.gatt import BLOOD_PRESSURE_MEASUREMENT
from device_profiles.reading import Indication, Validity
from tests.unit.alerting.make import observe
from tests.unit.alerting.windowed import check_arrival, check_bounded, make, reasons, several, told

IRREGULAR = make(
    "flagged",
    component="systolic",
    direction="high",
    flags=["irregular_pulse"],
    bands={"P3": {"times": 2, "of": 3}, "P2": {"times": 4, "of": 5}},
    within="P7D",
    clear={"readings": 2},
)
CUFF = make(
    "flagged",
    component="systolic",
    direction="high",
    queue="technical",
    flags=["cuff_loose", "body_movement", "improper_position"],
    bands={"P3": {"times": 3}},
    within="PT24H",
    clear={"readings": 1},
)
MARKS = {"i": "irregular_pulse", "c": "cuff_loose", "m": "body_movement"}


def marked(written: str, validity: Validity = Validity.VALID) -> list[Observation]:
    """Make a reading an hour; i, c and m are marks, a dot has none, a dash is no reading."""
    return [
        observe(
            "systolic",
            "120",
            hour=hour,
            validity=validity if letter in "cm" else Validity.VALID,
        ).model_copy(
            update={"flags": frozenset({MARKS[letter]}) if letter in MARKS else frozenset()}
        )
        for hour, letter in enumerate(written)
        if letter != "-"
    ]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("i", []),
        ("i..i", []),
        ("i.i", ["P3 P3 1 open"]),
        ("ii", ["P3 P3 1 open"]),
        ("iiii", ["P2 P2 3 open"]),
        ("ii.ii", ["P2 P2 3 open"]),
        ("ii.", ["P3 P3 1 open"]),
        ("ii..", ["P3 P3 1 closed"]),
        ("ii...i", ["P3 P3 1 closed"]),
        ("ii...ii", ["P3 P3 1 closed", "P3 P3 1 open"]),
        ("cc", []),
        ("i" + 168 * "-" + "i", []),  # more than a week
    ],
)
def test_irregular_pulse_repeated(written: str, expected: list[str]) -> None:
    assert told(IRREGULAR, marked(written)) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("cc", []),
        ("cmc", ["P3 P3 1 open"]),
        ("c.m.c", ["P3 P3 1 open"]),
        ("cmc.", ["P3 P3 1 closed"]),
        ("cm" + 24 * "-" + "c", []),
    ],
)
def test_fit_of_the_cuff(written: str, expected: list[str]) -> None:
    """Such readings are questionable, and count all the same."""
    assert told(CUFF, marked(written, Validity.QUESTIONABLE)) == expected
    assert CUFF.queue == "technical"


def test_a_mark_that_does_not_suffice_ends_nothing() -> None:
    assert told(IRREGULAR, marked("ii.i..")) == ["P3 P3 2 closed"]
    assert told(IRREGULAR, marked("ii.i.")) == ["P3 P3 2 open"]


def test_it_says_why() -> None:
    assert reasons(IRREGULAR, marked("i.i")) == [
        "carries the mark irregular pulse, as 2 of the last 3 readings do"
    ]


def test_the_marks_are_those_that_a_cuff_sets() -> None:
    octets = bytes.fromhex("10 7800 5000 0000 2700")  # movement, loose, irregular, position
    group = (Indication(uuid=BLOOD_PRESSURE_MEASUREMENT, octets=octets),)
    (reading,) = blood_pressure.readings(group)
    assert {"irregular_pulse", "cuff_loose", "body_movement", "improper_position"} <= set(
        reading.flags
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"bands": {"P3": {"times": 4, "of": 3}}}, "cannot be"),
        ({"direction": "low"}, "direction high"),
        ({"flags": []}, "at least 1"),
    ],
)
def test_a_rule_that_cannot_be_meant(change: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        make("flagged", **(CUFF.model_dump() | change))


def test_lint() -> None:
    lint = kinds()["flagged"].lint
    assert (lint(IRREGULAR), lint(CUFF)) == ((), ())
    once = CUFF.model_dump() | {"bands": {"P3": {"times": 1}}, "component": "mood"}
    assert lint(make("flagged", **once)) == (
        "no device measures 'mood'",
        "one mark alone is enough: is that meant?",
    )
    turned = IRREGULAR.model_dump() | {"bands": {"P2": {"times": 2}, "P3": {"times": 3}}}
    assert "milder band" in lint(make("flagged", **turned))[0]


CHART = several({"systolic": ["120"]}, ["irregular_pulse", "cuff_loose"])


@given(chart=CHART, random=st.randoms(use_true_random=False), hour=st.integers(0, 72))
def test_arrival_and_bounds(chart: list[Observation], random: Random, hour: int) -> None:
    for rule in (IRREGULAR, CUFF):
        check_arrival(rule, chart, random)
        check_bounded(rule, chart, hour)
