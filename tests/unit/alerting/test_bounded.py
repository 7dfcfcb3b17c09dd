"""An evaluation that reads a bounded history says what one of the whole chart says."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.model import Carried, Observation, Rule, Severity, State
from alerting.pipeline.deduplicate import StoredAlert
from alerting.rules import kinds
from device_profiles.reading import Validity
from tests.unit.alerting.make import PACK, observe, series
from tests.unit.alerting.register import Register
from tests.unit.alerting.test_order_of_arrival import batches, charts

LOW, HIGH, SYSTOLIC = PACK["glucose_low"], PACK["glucose_high"], PACK["systolic_high"]
# As few as a rule with n = 2 can do with.
FEW = 2


def in_order(chart: Sequence[Observation], random: Random) -> list[list[Observation]]:
    """Cut a chart into batches as it was measured; readings of one moment come together."""
    moments = sorted({each.measured_at for each in chart})
    cuts = {moments[0], *random.sample(moments, random.randint(0, len(moments)))}
    which = [max(cut for cut in cuts if cut <= each.measured_at) for each in chart]
    return [
        [each for each, mine in zip(chart, which, strict=True) if mine == cut]
        for cut in sorted(cuts)
    ]


def compared(alert: StoredAlert) -> tuple[object, ...]:
    return alert.rule_key, alert.state, alert.severity, alert.peak, alert.since, alert.evidence


@given(chart=charts(), random=st.randoms(use_true_random=False), history=st.integers(FEW, 6))
def test_in_order_it_says_exactly_the_same(
    chart: list[Observation], random: Random, history: int
) -> None:
    chart = [each for each in chart if each.validity is not Validity.QUESTIONABLE]
    whole, bounded = Register((LOW, HIGH)), Register((LOW, HIGH), history=history)
    for batch in in_order(chart, random) if chart else ():
        whole.arrive(batch)
        bounded.arrive(batch)
        assert {id_: compared(alert) for id_, alert in bounded.alerts.items()} == {
            id_: compared(alert) for id_, alert in whole.alerts.items()
        }


@given(chart=charts(late=True), random=st.randoms(use_true_random=False))
def test_where_few_readings_count_it_ends_later_and_never_sooner(
    chart: list[Observation], random: Random
) -> None:
    whole, bounded = Register((LOW, HIGH)), Register((LOW, HIGH), history=FEW)
    for batch in in_order(chart, random):
        whole.arrive(batch)
        bounded.arrive(batch)
        for rule in (LOW, HIGH):
            assert bounded.unresolved(rule) >= whole.unresolved(rule)


@given(chart=charts(late=True), random=st.randoms(use_true_random=False))
def test_in_any_order_no_timely_reading_is_hidden(chart: list[Observation], random: Random) -> None:
    whole, bounded = Register((LOW, HIGH)), Register((LOW, HIGH), history=FEW)
    for batch in batches(chart, random):
        whole.arrive(batch)
        bounded.arrive(batch)
    for rule in (LOW, HIGH):
        mine = [alert for alert in bounded.alerts.values() if alert.rule_key == rule.key]
        held = {reading for alert in mine for reading in alert.evidence}
        found = kinds()[rule.kind].episodes(rule, chart)
        evidence = [each for episode in found for each in episode.evidence]
        assert {each.observation.reading_id for each in evidence if not each.late} <= held


@given(chart=charts(), random=st.randoms(use_true_random=False))
def test_after_any_order_the_next_readings_bring_both_together(
    chart: list[Observation], random: Random
) -> None:
    whole, bounded = Register((LOW,)), Register((LOW,), history=FEW)
    for batch in batches(chart, random):
        whole.arrive(batch)
        bounded.arrive(batch)
    last = [observe("glucose", "40", hour=20, n=99)]
    good = [observe("glucose", "120", hour=hour, n=hour + 100) for hour in (21, 22)]
    for batch, unresolved in ((last, True), (good, False)):
        whole.arrive(batch)
        bounded.arrive(batch)
        assert bounded.unresolved(LOW) == whole.unresolved(LOW) == unresolved


def carried(rule: Rule, observations: Sequence[Observation], on: Carried) -> State:
    found = kinds()[rule.kind].episodes(rule, observations, carried=on)
    return State(found[-1].state) if found else State.CLOSED


@pytest.mark.parametrize(("limit", "state"), [("190", State.OPEN), ("170", State.CLOSED)])
def test_evidence_that_the_rule_no_longer_holds_for_is_not_carried(
    limit: str, state: State
) -> None:
    (old,) = series("systolic", limit)
    on = Carried(severity=Severity.P2, observations=(old,))
    assert carried(SYSTOLIC, [observe("systolic", "178", hour=9)], on) == state


def test_an_invalid_reading_is_not_carried() -> None:
    old = observe("systolic", "190", validity=Validity.INVALID)
    on = Carried(severity=Severity.P2, observations=(old,))
    assert carried(SYSTOLIC, [observe("systolic", "178", hour=9)], on) == State.CLOSED
