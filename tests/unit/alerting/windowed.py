"""What every kind that looks back must hold, whatever the readings and however they arrive."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from alerting.model import Observation, Rule
from alerting.rules import ALWAYS, concerned, kinds
from device_profiles.reading import Validity
from tests.unit.alerting.make import NOON, UNITS, episodes, observe
from tests.unit.alerting.test_order_of_arrival import batches

VALIDITY = st.sampled_from([Validity.VALID] * 5 + [Validity.QUESTIONABLE, Validity.CONTROL])


def make(kind: str, /, **given: Any) -> Rule:
    """Make a rule; what every rule has is filled in."""
    common = {"key": "made", "version": 1, "title": "A title", "label": "Value", "source": "made"}
    rule: Rule = kinds()[kind].rule.model_validate(common | {"kind": kind} | given)
    return rule


@st.composite
def several(
    draw: st.DrawFn, values: dict[str, Sequence[str]], flags: Sequence[str] = ()
) -> list[Observation]:
    """Draw readings of these components over three days; now and then two at one moment."""
    chart = []
    for n in range(draw(st.integers(1, 16))):
        hour, validity = draw(st.integers(0, 72)), draw(VALIDITY)
        marks = frozenset(draw(st.sets(st.sampled_from(flags)))) if flags else frozenset()
        names = draw(st.sets(st.sampled_from(sorted(values)), min_size=1, max_size=2))
        for ordinal, name in enumerate(sorted(names)):
            what = draw(st.sampled_from(values[name]))
            one = observe(name, what, hour=hour, n=n + 1, validity=validity, unit=UNITS.get(name))
            chart.append(one.model_copy(update={"ordinal": ordinal, "flags": marks}))
    return chart


def check_arrival(rule: Rule, chart: Sequence[Observation], random: Random) -> None:
    """Order of arrival and doubles never change episodes."""
    arrived = {one.order: one for batch in batches(chart, random) for one in batch}
    assert episodes(rule, list(arrived.values())) == episodes(rule, chart)


def check_bounded(rule: Rule, chart: Sequence[Observation], hour: int) -> None:
    """What is judged since a moment is what is judged of the whole chart from there on."""
    since, judge = NOON + timedelta(hours=hour), kinds()[rule.kind].judge
    ordered = concerned(rule.components, chart)
    seen = [each for each in ordered if each.measured_at >= since - rule.looks_back]
    whole = [j for j in judge(rule, ordered, ALWAYS) if j.observation.measured_at >= since]
    assert list(judge(rule, seen, since)) == whole


def told(rule: Rule, chart: Sequence[Observation]) -> list[str]:
    """Say each episode as: severity, peak, readings of evidence, state."""
    found = episodes(rule, chart)
    return [f"{e.severity} {e.peak} {len(e.evidence)} {e.state}" for e in found]


def reasons(rule: Rule, chart: Sequence[Observation]) -> list[str]:
    return [str(each.reason) for episode in episodes(rule, chart) for each in episode.evidence]
