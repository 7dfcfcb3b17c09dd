"""In whatever order, in whatever batches and however often readings arrive: the same alerts."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.model import Observation, worst
from alerting.pipeline.decisions import Late
from alerting.pipeline.deduplicate import AlertState
from device_profiles.reading import Validity
from tests.unit.alerting.make import PACK, episodes, observe
from tests.unit.alerting.register import Register

LOW, HIGH, SYSTOLIC = PACK["glucose_low"], PACK["glucose_high"], PACK["systolic_high"]
# Around every bound and clear limit of both rules, in both units.
WHAT = st.sampled_from(
    [
        *[("mg/dL", w) for w in ("40", "53", "54", "63", "64", "69", "70", "79", "80", "120")],
        *[("mg/dL", w) for w in ("239", "240", "251", "291", "301", "HI", "LO")],
        *[("mmol/L", w) for w in ("2.9", "3.0", "3.8", "3.9", "4.5", "10.0", "13.9", "14.0")],
    ]
)
VALIDITY = st.sampled_from([Validity.VALID] * 4 + [Validity.QUESTIONABLE, Validity.CONTROL])
DELAY = st.sampled_from([timedelta(seconds=5)] * 3 + [timedelta(hours=30), timedelta(days=3)])


@st.composite
def charts(draw: st.DrawFn, *, late: bool = False) -> list[Observation]:
    """Draw a patient's readings; now and then two at the same moment."""
    chart = []
    for n in range(draw(st.integers(1, 14))):
        unit, what = draw(WHAT)
        chart.append(
            observe(
                "glucose",
                what,
                unit=unit,
                hour=draw(st.integers(0, 12)),
                n=n + 1,
                validity=draw(VALIDITY),
                received_after=draw(DELAY) if late else timedelta(seconds=5),
            )
        )
    return chart


def batches(chart: Sequence[Observation], random: Random) -> list[list[Observation]]:
    """Shuffle, cut into batches, and let some readings arrive twice."""
    arriving = [*chart, *random.sample(chart, random.randint(0, len(chart)))]
    random.shuffle(arriving)
    cuts = sorted(random.randint(0, len(arriving)) for _ in range(random.randint(0, 5)))
    edges = zip([0, *cuts], [*cuts, len(arriving)], strict=True)
    return [arriving[a:b] for a, b in edges if a < b]


@given(chart=charts(late=True), random=st.randoms(use_true_random=False))
def test_episodes_are_a_function_of_the_chart(chart: list[Observation], random: Random) -> None:
    for rule in (LOW, HIGH):
        expected = episodes(rule, chart)
        assert (
            episodes(rule, [one for batch in batches(chart, random) for one in batch]) == expected
        )


@given(chart=charts(), random=st.randoms(use_true_random=False))
def test_every_reading_that_breaks_a_rule_is_evidence_once(
    chart: list[Observation], random: Random
) -> None:
    register = Register((LOW, HIGH))
    for batch in batches(chart, random):
        register.arrive(batch)
    for rule in (LOW, HIGH):
        broke = {r for episode in episodes(rule, chart) for r in episode.readings}
        mine = [alert for alert in register.alerts.values() if alert.rule_key == rule.key]
        assert {reading for alert in mine for reading in alert.evidence} == broke
        assert register.unresolved(rule) == register.goes_on(rule)
        peaks = [episode.peak for episode in episodes(rule, chart)]
        assert worst(alert.peak for alert in mine) == worst(peaks)


@given(chart=charts(late=True), random=st.randoms(use_true_random=False))
def test_what_was_decided_is_not_decided_again(chart: list[Observation], random: Random) -> None:
    register = Register((LOW, HIGH))
    for batch in batches(chart, random):
        register.arrive(batch)
    again = register.decide(frozenset(each.reading_id for each in chart))
    assert [each for each in again if not isinstance(each, Late)] == []


@given(chart=charts(late=True), random=st.randoms(use_true_random=False))
def test_a_timely_reading_that_breaks_a_rule_is_never_hidden(
    chart: list[Observation], random: Random
) -> None:
    register = Register((LOW, HIGH))
    for batch in batches(chart, random):
        register.arrive(batch)
    for rule in (LOW, HIGH):
        mine = [alert for alert in register.alerts.values() if alert.rule_key == rule.key]
        held = {reading for alert in mine for reading in alert.evidence}
        evidence = [each for episode in episodes(rule, chart) for each in episode.evidence]
        assert {each.observation.reading_id for each in evidence if not each.late} <= held
        # What asks for work has an alert that is at least as urgent as its worst timely reading.
        timely = worst(each.severity for each in evidence if not each.late)
        assert worst(alert.peak for alert in mine) == timely


@pytest.mark.parametrize("seed", range(400))
def test_any_batches_keep_one_alert_unresolved(seed: int) -> None:
    """Few values and many batches: ends, beginnings and what undoes an end in one batch."""
    random = Random(seed)  # noqa: S311
    hours = random.sample(range(24 * 12 if seed % 2 else 20), random.randint(2, 12))
    chart = [
        observe(
            "systolic",
            random.choice(("120", "178", "190")),
            hour=hour,
            n=n,
            validity=Validity.QUESTIONABLE if random.random() < 0.15 else Validity.VALID,
        )
        for n, hour in enumerate(hours, 1)
    ]
    register = Register((SYSTOLIC,))
    for batch in batches(chart, random):
        register.arrive(batch)
    assert register.unresolved(SYSTOLIC) == register.goes_on(SYSTOLIC)


@given(chart=charts(late=True))
def test_only_late_readings_open_nothing(chart: list[Observation]) -> None:
    late = [
        each.model_copy(update={"received_at": each.measured_at + timedelta(days=3)})
        for each in chart
    ]
    register = Register((LOW, HIGH))
    decisions = register.arrive(late)
    assert all(isinstance(each, Late) for each in decisions)
    assert len(decisions) == len(register.episodes())


@given(chart=charts(), random=st.randoms(use_true_random=False))
def test_a_rule_that_goes_leaves_its_alerts_to_people(
    chart: list[Observation], random: Random
) -> None:
    register = Register((LOW, HIGH))
    for batch in batches(chart, random):
        register.arrive(batch)
    low = {key: alert for key, alert in register.alerts.items() if alert.rule_key == LOW.key}
    register.rules = (HIGH,)
    assert register.arrive([observe("glucose", "100", hour=20, n=99)]) is not None
    assert {key: register.alerts[key] for key in low} == low
    assert all(alert.state in AlertState for alert in register.alerts.values())
