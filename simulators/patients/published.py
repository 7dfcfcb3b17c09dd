"""Figures that others published, beside those of simulated cohorts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import numpy as np

from simulators.patients.cohort import FIRST, Cohort
from simulators.patients.compare import told
from simulators.patients.figures import Numbers, Series, between, number, series, within
from simulators.sample import BLOOD_PRESSURE, GLUCOSE, OXYGEN, TEMPERATURE, WEIGHT, Sample

NOON = 12


@dataclass(frozen=True, slots=True)
class Published:
    """A published figure, its range of agreement, and how the cohort's is computed."""

    figure: str
    published: str
    low: float
    high: float
    simulated: Callable[[], float]
    source: str
    digits: int = 1
    why: str = ""
    """Why it differs, if it does."""

    def told(self) -> tuple[str, str]:
        """Return the simulated figure and what is to be said of it."""
        value = self.simulated()
        agrees = self.low <= value <= self.high
        return told(value, self.digits), "agrees" if agrees else f"differs: {self.why or 'unknown'}"


@cache
def _of(condition: str, kind: str, measure: str, people: int, days: int, all_made: bool) -> Series:
    return series(_samples(condition, kind, people, days, all_made), number(measure))


@cache
def _samples(
    condition: str, kind: str, people: int, days: int, all_made: bool
) -> tuple[Sample, ...]:
    cohort = Cohort(condition, kind, people, days, 1.0 if all_made else None)
    return tuple(cohort.samples())


def _home(measure: str) -> Series:
    return _of("healthy", BLOOD_PRESSURE, measure, 80, 21, True)


def _first_of_each(of: Series, wanted: Callable[[datetime], bool]) -> Series:
    """Return the first value of each day within the wanted times."""
    kept = {}
    for name, one in of.where(wanted).people.items():
        by_day: dict[object, tuple[datetime, float]] = {}
        for at, value in one:
            by_day.setdefault(at.date(), (at, value))
        kept[name] = list(by_day.values())
    return Series(kept)


def _mornings(measure: str) -> float:
    return within(_first_of_each(_home(measure), lambda at: at.hour < NOON))


def _first_day(measure: str) -> float:
    def day(at: datetime) -> int:
        return (at.date() - FIRST).days

    of = _home(measure)
    later = of.where(lambda at: 3 <= day(at) < 7).pooled.mean()
    return float(of.where(lambda at: day(at) == 0).pooled.mean() - later)


def _evening(of: Series) -> float:
    """Return evening minus morning."""
    morning = of.where(lambda at: at.hour < NOON).pooled.mean()
    return float(of.where(lambda at: at.hour >= NOON).pooled.mean() - morning)


def _temperature() -> Series:
    return _of("healthy", TEMPERATURE, "temperature", 60, 21, True)


def _lung(measure: str) -> Series:
    return _of("copd", OXYGEN, measure, 60, 21, True)


def _pulse() -> Series:
    return _of("healthy", OXYGEN, "pulse", 150, 7, True)


def _days_measured() -> Numbers:
    of = _of("heart-failure", WEIGHT, "weight", 400, 30, False)
    made = [len(one) / 30 for one in of.people.values()]
    return np.array(made + [0.0] * (400 - len(made)))


KATO = "Kato et al. 2010, PubMed 20448533 (Ohasama, 1,215 people)"
EUROPE = "2,122 people in Finland, Greece and the UK, phc.ox.ac.uk/publications/1266257"
QUER = "Quer et al. 2020, PLoS ONE 15(2):e0227709 (92,457 people, at the wrist)"
HURST = "Hurst et al. 2010, BMC Pulm Med 10:52, table 2 (31 people with stable COPD)"
INDIA = "medRxiv 2021.06.03.21258282 (144 people, 6,543 readings)"
LEY = "Ley et al. 2023, JAMA Intern Med, PMC10481327 (618,306 visits)"
WARE = "Ware et al. 2019, JMIR Mhealth Uhealth 7(2):e13259 (heart failure)"
SHAH = "Shah et al. 2019, J Clin Endocrinol Metab 104:4356-64 (153 healthy people, by sensor)"
IMAI = "Imai et al. 1999, J Hypertens 17:889-98 (Ohasama, 1,207 people; size not in the abstract)"


def published() -> Iterator[Published]:
    """Return all of them."""
    yield Published(
        "home systolic, SD within a person, mornings, mmHg",
        "8.6",
        7.3,
        9.9,
        lambda: _mornings("systolic"),
        KATO,
    )
    yield Published(
        "home diastolic, SD within a person, mornings, mmHg",
        "5.8",
        4.9,
        6.7,
        lambda: _mornings("diastolic"),
        KATO,
    )
    yield Published(
        "home systolic, first day minus days 4 to 7, mmHg",
        "2.8",
        1.8,
        3.8,
        lambda: _first_day("systolic"),
        EUROPE,
    )
    yield Published(
        "home diastolic, first day minus days 4 to 7, mmHg",
        "1.4",
        0.8,
        2.0,
        lambda: _first_day("diastolic"),
        EUROPE,
    )
    yield Published(
        "home systolic, evening minus morning, mmHg",
        "below 0",
        -10,
        0,
        lambda: _evening(_home("systolic")),
        IMAI,
    )
    yield Published(
        "pulse at rest, healthy, mean, /min",
        "65.5",
        64,
        67,
        lambda: float(_pulse().pooled.mean()),
        QUER,
        why="sitting at an oximeter by day, against the quietest minutes by a sensor all day long",
    )
    yield Published(
        "pulse at rest, SD of people's means, /min",
        "7.7",
        6.7,
        8.7,
        lambda: between(_pulse()),
        QUER,
    )
    yield Published(
        "SpO2 in COPD, mean, %",
        "94 to 95",
        94,
        95,
        lambda: float(_lung("spo2").pooled.mean()),
        HURST,
    )
    yield Published(
        "SpO2 in COPD, SD within a person, %",
        "1.0",
        0.8,
        1.3,
        lambda: within(_lung("spo2")),
        HURST,
    )
    yield Published(
        "pulse in COPD, mean, /min",
        "77 to 80",
        76,
        81,
        lambda: float(_lung("pulse").pooled.mean()),
        HURST,
    )
    yield Published(
        "pulse in COPD, SD within a person, /min",
        "4.5 to 5.0",
        4.2,
        5.8,
        lambda: within(_lung("pulse")),
        HURST,
    )
    yield Published(
        "oral temperature, mean, \N{DEGREE SIGN}C",
        "36.64",
        36.55,
        36.73,
        lambda: float(_temperature().pooled.mean()),
        LEY,
        2,
    )
    yield Published(
        "oral temperature, SD of all readings, \N{DEGREE SIGN}C",
        "0.34",
        0.29,
        0.39,
        lambda: float(_temperature().pooled.std()),
        INDIA,
        2,
    )
    yield Published(
        "oral temperature, evening minus morning, \N{DEGREE SIGN}C",
        "0.20",
        0.14,
        0.26,
        lambda: _evening(_temperature()),
        INDIA,
        2,
    )
    yield Published(
        "glucose, healthy, mean, mg/dL",
        "98 to 99",
        95,
        102,
        lambda: float(_of("healthy", GLUCOSE, "glucose", 60, 21, True).pooled.mean()),
        SHAH,
    )
    yield Published(
        "days with a measurement, mean, %",
        "73.6",
        70,
        77,
        lambda: 100 * float(_days_measured().mean()),
        WARE,
    )
    yield Published(
        "days with a measurement, SD between people, %",
        "25.0",
        22,
        28,
        lambda: 100 * float(_days_measured().std()),
        WARE,
    )
