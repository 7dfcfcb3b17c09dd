"""Virtual patients: reproducible, extensible, possible, and as eventful as they say."""

import ast
import hashlib
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.recordings.folders import REPOSITORY
from simulators.sample import (
    BLOOD_PRESSURE,
    GLUCOSE,
    OXYGEN,
    TEMPERATURE,
    WEIGHT,
    Amount,
    Sample,
)
from simulators.vitals.adherence import Adherence
from simulators.vitals.chance import Chance
from simulators.vitals.conditions import CONDITIONS
from simulators.vitals.day import ALWAYS, Day
from simulators.vitals.patient import VirtualPatient
from simulators.vitals.pulse import Pulse, PulseTraits
from simulators.vitals.setbacks import COURSES, HYPOGLYCAEMIA, Setback
from simulators.vitals.weight import Weight, WeightTraits

MODELS = REPOSITORY / "simulators" / "vitals"
FIRST = date(2026, 3, 2)
KINDS = {BLOOD_PRESSURE, GLUCOSE, OXYGEN, TEMPERATURE, WEIGHT}
SEEDS = st.integers(0, 2**32)
NAMES = st.sampled_from(sorted(CONDITIONS))
POSSIBLE = {
    "systolic": (60, 260),
    "diastolic": (30, 200),
    "pulse": (35, 200),
    "glucose": (20, 600),
    "spo2": (70, 100),
    "temperature": (34, 42),
    "weight": (35, 200),
}
STEP = {"temperature": Decimal("0.1"), "weight": Decimal("0.1")}


def values(samples: tuple[Sample, ...], kind: str, name: str) -> list[float]:
    amounts = [one.values[name].number for one in samples if one.kind == kind]
    return [float(number) for number in amounts if isinstance(number, Decimal)]


def between(samples: tuple[Sample, ...], start: float, end: float) -> tuple[Sample, ...]:
    def day(one: Sample) -> float:
        return (one.at - one.at.min).days - (FIRST - date.min).days

    return tuple(one for one in samples if start <= day(one) < end)


@settings(max_examples=12, deadline=None)
@given(NAMES, SEEDS, st.integers(1, 20), st.integers(0, 15))
def test_more_days_change_nothing_of_the_earlier_ones(
    condition: str, seed: int, days: int, more: int
) -> None:
    patient = VirtualPatient("p1", seed, condition)
    short, longer = patient.samples(FIRST, days), patient.samples(FIRST, days + more)
    assert longer[: len(short)] == short
    assert short == VirtualPatient("p1", seed, condition).samples(FIRST, days)


@settings(max_examples=12, deadline=None)
@given(NAMES, SEEDS)
def test_every_number_is_possible_and_in_the_devices_steps(condition: str, seed: int) -> None:
    samples = VirtualPatient("p1", seed, condition, adherence=1.0).samples(FIRST, 30)
    assert {one.kind for one in samples} == KINDS
    for one in samples:
        numbers = {k: a.number for k, a in one.values.items() if isinstance(a.number, Decimal)}
        for name, number in numbers.items():
            low, high = POSSIBLE[name]
            assert low <= number <= high
            assert number % STEP.get(name, Decimal(1)) == 0
        if one.kind == BLOOD_PRESSURE:
            assert numbers["diastolic"] <= numbers["systolic"] - 10
    assert list(samples) == sorted(samples, key=lambda one: one.at)


def test_the_octets_are_these_on_every_machine() -> None:
    # A change of a model changes this; a machine or a release of numpy must not.
    samples = [
        one for c in sorted(CONDITIONS) for one in VirtualPatient("p1", 7, c).samples(FIRST, 60)
    ]
    text = "\n".join(
        f"{one.subject} {one.kind} {one.at} {one.note}"
        + " ".join(f"{name}={amount.number}" for name, amount in one.values.items())
        for one in samples
    )
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "daca3b58b6534683"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_one_kind_alone_is_the_same_as_among_the_others(kind: str) -> None:
    patient = VirtualPatient("p1", 3, "diabetes")
    alone = patient.samples(FIRST, 20, {kind})
    assert alone == tuple(one for one in patient.samples(FIRST, 20) if one.kind == kind)


def test_another_seed_or_name_is_somebody_else() -> None:
    first = VirtualPatient("p1", 7).samples(FIRST, 5)
    assert first != VirtualPatient("p1", 8).samples(FIRST, 5)
    assert first != VirtualPatient("p2", 7).samples(FIRST, 5)


def test_streams_are_independent_of_each_other() -> None:
    once = [Chance(1, "p", "glucose", 3).unit() for _ in range(2)]
    assert once[0] == once[1]
    others = {Chance(1, "p", "glucose", 4).unit(), Chance(1, "p", "weight", 3).unit(), once[0]}
    others |= {Chance(2, "p", "glucose", 3).unit(), Chance(1, "q", "glucose", 3).unit()}
    assert len(others | {Chance(1, "p", "glucose").unit()}) == 6


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_chance_keeps_to_its_limits(seed: int) -> None:
    chance = Chance(seed, "p", "any")
    assert 0 < chance.unit() < 1
    assert 2 <= chance.whole(2, 5) <= 5
    assert -4 <= chance.normal(0, 1) <= 4


def many(condition: str) -> list[tuple[Sample, ...]]:
    people = [VirtualPatient(f"p{n}", n, condition, adherence=1.0) for n in range(8)]
    return [person.samples(FIRST, 30) for person in people]


def mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)


def test_heart_failure_gains_weight_over_days_while_spo2_falls_and_the_pulse_rises() -> None:
    for number in range(8):
        patient = VirtualPatient(f"p{number}", number, "heart-failure", adherence=1.0)
        samples = patient.samples(FIRST, 30)
        (setback, *_) = [e for e in patient.setbacks(30) if e.kind == "decompensation"]
        before = between(samples, 0, setback.onset - 1)
        peak = between(samples, int(setback.onset) + 11, int(setback.onset) + 13)
        gain = mean(values(peak, WEIGHT, "weight")) - mean(values(before, WEIGHT, "weight"))
        fall = mean(values(before, OXYGEN, "spo2")) - mean(values(peak, OXYGEN, "spo2"))
        rise = mean(values(peak, OXYGEN, "pulse")) - mean(values(before, OXYGEN, "pulse"))
        assert gain > 1.2, number
        assert fall > 2, number
        assert rise > 4, number
        after = between(samples, int(setback.end) + 1, 30)
        assert mean(values(after, OXYGEN, "spo2")) > mean(values(peak, OXYGEN, "spo2"))


LOOKS: list[tuple[str, Callable[[tuple[Sample, ...]], bool]]] = [
    ("healthy", lambda s: max(values(s, TEMPERATURE, "temperature")) >= 38),
    ("hypertension", lambda s: max(values(s, BLOOD_PRESSURE, "systolic")) >= 165),
    ("diabetes", lambda s: min(values(s, GLUCOSE, "glucose")) < 54),
    ("diabetes", lambda s: max(values(s, GLUCOSE, "glucose")) > 250),
    ("copd", lambda s: min(values(s, OXYGEN, "spo2")) <= 92),
    ("pregnancy", lambda s: max(values(s, BLOOD_PRESSURE, "diastolic")) >= 90),
]


@pytest.mark.parametrize(("condition", "visible"), LOOKS)
def test_what_goes_wrong_is_visible_in_thirty_days(
    condition: str, visible: Callable[[tuple[Sample, ...]], bool]
) -> None:
    assert all(visible(samples) for samples in many(condition))


def made(adherence: float) -> int:
    people = [VirtualPatient(f"p{n}", n, "healthy", adherence, eventful=False) for n in range(20)]
    return sum(len(person.samples(FIRST, 40)) for person in people)


def test_as_much_is_missed_as_asked_for() -> None:
    everything = made(1.0)
    assert made(0.0) == 0
    for share in (0.3, 0.7, 0.95):
        assert made(share) / everything == pytest.approx(share, abs=0.04)


def test_what_is_left_does_not_depend_on_what_is_missed() -> None:
    everything = VirtualPatient("p1", 3, "diabetes", 1.0).samples(FIRST, 30)
    some = VirtualPatient("p1", 3, "diabetes", 0.5).samples(FIRST, 30)
    assert set(map(repr, some)) < set(map(repr, everything))


def test_people_differ_in_adherence_as_published() -> None:
    shares = [Adherence.draw(Chance(1, f"p{n}", "adherence")).share for n in range(2000)]
    assert mean(shares) == pytest.approx(0.736, abs=0.02)
    assert mean([(one - 0.736) ** 2 for one in shares]) ** 0.5 == pytest.approx(0.25, abs=0.02)
    assert Adherence(0.5, 0.001).on(100) == pytest.approx(0.4)
    assert Adherence(0.5, 0.1).on(100) == 0


def test_a_planned_setback_comes_when_it_is_planned_and_is_never_missed() -> None:
    planned = (Setback(HYPOGLYCAEMIA, 2.5),)
    patient = VirtualPatient("p1", 1, "diabetes", 0.0, eventful=False, planned=planned)
    low, again = patient.samples(FIRST, 4)
    assert (low.at.day - FIRST.day, low.at.hour, again.at - low.at) == (
        2,
        12,
        timedelta(minutes=15),
    )
    number = low.values["glucose"].number
    assert isinstance(number, Decimal)
    assert number < 54
    assert low.note == "felt low"


@pytest.mark.parametrize("kind", sorted(COURSES))
def test_a_setback_begins_and_ends_at_nothing_and_reaches_its_full_size(kind: str) -> None:
    course = COURSES[kind]
    shares = [course.share(course.days * n / 200) for n in range(-10, 211)]
    assert shares[0] == shares[-1] == 0
    assert all(0 <= share <= 1 for share in shares)
    assert max(shares) > 0.9


def test_a_meter_says_hi_and_lo() -> None:
    people = [VirtualPatient(f"p{n}", n, "diabetes", 1.0) for n in range(15)]
    beyond = {
        one.values["glucose"]
        for person in people
        for one in person.samples(FIRST, 60)
        if one.kind == GLUCOSE and isinstance(one.values["glucose"].number, str)
    }
    assert Amount("LO", "mg/dL") in beyond


def test_weight_is_highest_after_the_weekend() -> None:
    traits = WeightTraits(water=0, reading=0, trend=(0, 0), between=0, week=0.01)
    model = Weight(traits, Chance(1, "p", "weight"))
    pulse = Pulse(PulseTraits(), Chance(1, "p", "pulse"))
    by_day = {}
    for number in range(7):
        midnight = FIRST + timedelta(days=number)
        day = Day(number, datetime.combine(midnight, time()))
        (taken,) = model.day(day, Chance(1, "p", "weight", number), pulse)
        assert taken.occasion != ALWAYS
        by_day[midnight.strftime("%a")] = taken.values["weight"].number
    assert by_day["Sun"] == by_day["Mon"] == max(by_day.values(), key=str)


def traits() -> list[tuple[str, str]]:
    """Return each parameter of each model with the text below it."""
    found = []
    for path in sorted(MODELS.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name.endswith("Traits"):
                assert "Unit: " in (ast.get_docstring(node) or ""), node.name
                for line, below in pairwise([*node.body, ast.Pass()]):
                    if isinstance(line, ast.AnnAssign):
                        said = below.value if isinstance(below, ast.Expr) else None
                        text = str(said.value) if isinstance(said, ast.Constant) else ""
                        found.append((f"{node.name}.{ast.unparse(line.target)}", text))
    return found


def test_every_parameter_names_its_source_or_says_that_it_is_chosen() -> None:
    told = traits()
    assert len(told) > 35
    source = re.compile(
        r"[Cc]hosen|recording|[Ss]ee `|\b(19|20)\d\d\b|ESH|medRxiv|PubMed|phc.ox.ac.uk|same"
    )
    assert [name for name, text in told if not source.search(text)] == []
