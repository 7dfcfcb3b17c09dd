"""Charts over weeks for rules that look at days: readings by day and hour, random ones."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random

from hypothesis import settings
from hypothesis import strategies as st

from alerting.model import Observation, Rule
from device_profiles.reading import Validity
from tests.unit.alerting.make import episodes, observe

# Cores are shared: a slow moment is no failure.
UNHURRIED = settings(deadline=None)
VALIDITY = (*[Validity.VALID] * 6, Validity.QUESTIONABLE, Validity.INVALID)
# A spring night in Vienna: from one hour ahead of UTC to two.
OFFSETS = ((-8, -8), (0, 0), (1, 2), (13, 12))


def by_day(component: str, unit: str, numbers: str, *, hour: float = 0) -> list[Observation]:
    """Make one reading a day, at noon or `hour` hours after; - is a missing day."""
    return [
        observe(component, word, hour=24 * day + hour, unit=unit)
        for day, word in enumerate(numbers.split())
        if word != "-"
    ]


def on_day(day: int, hour: float, what: str, unit: str, component: str = "systolic") -> Observation:
    """Make one reading at an hour of the clock; days count from 0."""
    return observe(component, what, hour=24 * day + hour - 12, unit=unit)


def weeks(
    component: str, what: Mapping[str, Sequence[str]]
) -> st.SearchStrategy[list[Observation]]:
    """Draw readings over 30 days in several units; now and then two at one moment.

    By a seed: what is drawn reading by reading takes Hypothesis minutes to make smaller.
    """
    return st.integers(0, 10**6).map(lambda seed: _weeks(Random(seed), component, what))  # noqa: S311


def _weeks(random: Random, component: str, what: Mapping[str, Sequence[str]]) -> list[Observation]:
    before, after = random.choice(OFFSETS)
    chart = []
    for n in range(random.choice((3, 12, 40))):
        hour, unit = random.randrange(30 * 24), random.choice(sorted(what))
        said, validity = random.choice(what[unit]), random.choice(VALIDITY)
        one = observe(component, said, hour=hour, unit=unit, n=n + 1, validity=validity)
        offset = timedelta(hours=before if hour < 15 * 24 else after)
        chart.append(one.model_copy(update={"utc_offset": offset}))
    return chart


def check_doubles(rule: Rule, chart: Sequence[Observation], random: Random) -> None:
    """Shuffled, and some of it twice, a chart has the same episodes."""
    arriving = [*chart, *random.sample(chart, random.randint(0, len(chart)))]
    random.shuffle(arriving)
    assert episodes(rule, arriving) == episodes(rule, chart)
