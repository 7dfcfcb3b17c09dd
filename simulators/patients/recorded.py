"""What is compared: each recording with a cohort that measures as it was measured there."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulators.patients.cohort import Cohort
from simulators.patients.compare import SHARE_LIMIT, Comparison, Group, Row
from simulators.patients.figures import (
    PERCENTILES,
    Numbers,
    Series,
    changes,
    first_minus_later,
    number,
    pulse_pressure,
    series,
    share,
    slopes_per_week,
)
from simulators.recordings import bidmc, bp_preg, uci_diabetes, weight_krone
from simulators.sample import BLOOD_PRESSURE, GLUCOSE, OXYGEN, WEIGHT, Sample

T = TypeVar("T")
Wanted = Callable[[Numbers], NDArray[np.bool_]]

# 236 attendances of 105 women: three days of attendance each, a quarter of them missed.
CLINIC: Final = Cohort("pregnancy", BLOOD_PRESSURE, 105, 7, 0.75)
INSULIN: Final = Cohort("diabetes", GLUCOSE, 60, 60)
BEDSIDE: Final = Cohort("healthy", OXYGEN, 60, 28)
SCALES: Final = Cohort("healthy", WEIGHT, 120, 63)
FITTED: Final = (
    "The model was fitted to this recording by hand: agreement says that the fit holds, not that "
    "it holds for other people"
)
SITTING: Final = timedelta(minutes=100)
BEDTIME: Final = range(21, 24)
PERCENTILE_NAMES: Final = tuple(f"{one}th percentile" for one in PERCENTILES)
# Times of the day: what the recording notes, for the recording and for the cohort.
MEALS: Final = (
    ("before breakfast", "mean before breakfast"),
    ("before lunch", "mean before lunch"),
    ("before supper", "mean before supper"),
)


def comparisons(folder: Path) -> tuple[Comparison, ...]:
    """Read all recordings of the folder and make the cohorts."""
    return pressure(folder), glucose(folder), oxygen(folder), weight(folder)


def pressure(folder: Path) -> Comparison:
    """Compare blood pressure in a day clinic."""
    recorded, simulated = list(bp_preg.read(folder)), CLINIC.samples()
    measures = (
        ("systolic", number("systolic")),
        ("diastolic", number("diastolic")),
        ("pulse pressure", pulse_pressure),
    )
    groups: list[Group] = []
    for name, measure in measures:
        one, other = series(recorded, measure), series(simulated, measure)
        falls = _both((one, other), lambda of: first_minus_later(of, SITTING))
        more = [Row("first minus third and later of a sitting", falls, 1.0)]
        if name != "pulse pressure":
            more += [_share("% that end in 0", one, other, lambda x: x % 10 == 0)]
            more += [_share("% that end in 5", one, other, lambda x: x % 10 == 5)]
        groups.append(Group(name, "mmHg", one, other, 1, more))
    return Comparison(
        "pressure",
        "Blood pressure: a day clinic in pregnancy",
        "Dryad data package, doi 10.5061/dryad.0bq15, CC0 1.0. McCarthy EA, Carins TA, Hannigan Y, "
        "Bardien N, Shub A, Walker S (2015). A sitting is up to nine readings, half an hour apart, "
        "by an observer. No time of day and no night, so no daily rhythm can be compared",
        str(CLINIC),
        FITTED,
        groups,
        {
            f"{name}: {figure}": "numbers end in 0 or 5, so a percentile moves by 5 at once"
            for name in ("systolic", "diastolic", "pulse pressure")
            for figure in PERCENTILE_NAMES
        },
    )


def glucose(folder: Path) -> Comparison:
    """Compare finger-stick glucose under insulin."""
    recorded, simulated = list(uci_diabetes.read(folder)), INSULIN.samples()
    measure = number("glucose")
    one, other = series(recorded, measure), series(simulated, measure)
    more = [
        _share("% below 54", one, other, lambda x: x < 54),
        _share("% below 70", one, other, lambda x: x < 70),
        _share("% above 180", one, other, lambda x: x > 180),
        _share("% above 250", one, other, lambda x: x > 250),
        _share("% above 300", one, other, lambda x: x > 300),
        *(
            Row(name, _both((recorded, simulated), partial(_noted, note)), 10, 0)
            for note, name in MEALS
        ),
        Row("mean at bedtime", _both((recorded, simulated), _late), 10, 0),
        Row("after meals minus before them", _both((recorded, simulated), _rise), 15, 0),
    ]
    return Comparison(
        "glucose",
        "Glucose: insulin-treated outpatients",
        "AIM-94 data set provided by Michael Kahn, MD, PhD, Washington University, St. Louis, MO; "
        "UCI Machine Learning Repository, doi 10.24432/C5T59G. HI, LO and a 0 are left out",
        str(INSULIN),
        FITTED,
        [Group("glucose", "mg/dL", one, other, 0, more)],
        {
            "glucose: after meals minus before them": "only 79 values of the recording "
            "are after a meal, most of them of few people after supper",
        },
    )


def oxygen(folder: Path) -> Comparison:
    """Compare SpO2 and pulse with a ward, which is not comparable, and say so."""
    # One value a minute: seconds that follow each other are one measurement.
    recorded = [one for one in bidmc.read(folder) if one.at.second == 0]
    simulated = BEDSIDE.samples()
    groups = [
        Group(name, unit, series(recorded, number(key)), series(simulated, number(key)))
        for name, key, unit in (("SpO2", "spo2", "%"), ("pulse", "pulse", "/min"))
    ]
    ill = (
        "the recorded are twenty critically ill people at a bedside monitor, ill to different "
        "degrees, some with oxygen given; the simulated are healthy people at home"
    )
    short = (
        "eight minutes of somebody in bed, averaged by a monitor, against spot checks of four "
        "weeks, morning and evening, each with its own error"
    )
    return Comparison(
        "oxygen",
        "SpO2 and pulse: intensive care",
        "BIDMC PPG and Respiration Dataset, PhysioNet. Pimentel MAF et al., IEEE Trans Biomed Eng "
        "64(8):1914-1923; Goldberger AL et al., Circulation 101(23):e215-e220 (2000). One value a "
        "minute is taken. **Another population and another way of measuring**: this comparison "
        "says what home measurements are not; the models of SpO2 and pulse stand on published "
        "figures (below)",
        str(BEDSIDE),
        "Nothing in the models was fitted to it",
        groups,
        {
            "SpO2": ill,
            "pulse": ill,
            "SpO2: SD within a person": short,
            "pulse: SD within a person": short,
            "SpO2: autocorrelation, lag 1": short,
            "pulse: autocorrelation, lag 1": short,
        },
    )


def weight(folder: Path) -> Comparison:
    """Compare weights of each day."""
    recorded, simulated = list(weight_krone.read(folder)), SCALES.samples()
    one, other = (series(of, number("weight")) for of in (recorded, simulated))
    day = [changes(of) for of in (one, other)]
    three = [changes(of, 3) for of in (one, other)]
    slopes = [slopes_per_week(of) for of in (one, other)]
    more = [
        Row("SD of day-to-day change", _both(day, lambda x: float(x.std())), 0.08, 2),
        Row("% of days that change by 0.5 or more", _part(day, lambda x: abs(x) >= 0.5), 6),
        Row("% of days that change by 1.0 or more", _part(day, lambda x: abs(x) >= 1), 3),
        Row("% of days with a gain above 1.36 (3 lb)", _part(day, lambda x: x > 1.36), 2),
        Row("% of days with more than 2 gained in three", _part(three, lambda x: x > 2), 2),
        Row("change per week, mean", _both(slopes, lambda x: float(x.mean())), 0.15, 2),
        Row("change per week, SD", _both(slopes, lambda x: float(x.std(ddof=1))), 0.1, 2),
    ]
    few = "the recorded are six people; the weight of any six differs so"
    figures = ("Kolmogorov-Smirnov distance", "mean", "SD", *PERCENTILE_NAMES)
    return Comparison(
        "weight",
        "Weight: every morning for nine weeks",
        "Krone T, Boessen R, Bijlsma S, van Stokkum R, Clabbers NDS, Pasman WJ (2020), PLoS ONE "
        "15(5):e0232680, file s001. People without heart failure, in a study of diet and activity",
        str(SCALES),
        FITTED,
        [Group("weight", "kg", one, other, 2, more)],
        {f"weight: {figure}": few for figure in figures},
    )


def _share(name: str, one: Series, other: Series, wanted: Wanted) -> Row:
    return Row(name, _part((one.pooled, other.pooled), wanted), SHARE_LIMIT)


def _part(values: Sequence[Numbers], wanted: Wanted) -> tuple[float, float]:
    return _both(values, lambda of: share(of, wanted(of)))


def _both(pair: Sequence[T], figure: Callable[[T], float]) -> tuple[float, float]:
    one, other = (figure(of) for of in pair)
    return one, other


def _mean(samples: Iterable[Sample]) -> float:
    return float(series(samples, number("glucose")).pooled.mean())


def _noted(note: str, samples: list[Sample]) -> float:
    return _mean(x for x in samples if x.note == note)


def _late(samples: list[Sample]) -> float:
    """The recording has no code for bedtime, but times; both are taken by the time."""
    return _mean(x for x in samples if x.at.hour in BEDTIME and not x.note.startswith("after"))


def _rise(samples: list[Sample]) -> float:
    """Return the mean after meals minus the mean before them, each meal as often as after it."""
    rises: list[float] = []
    for meal in ("breakfast", "lunch", "supper"):
        after = [x for x in samples if x.note == f"after {meal}"]
        rises += [_mean(after) - _noted(f"before {meal}", samples)] * len(after)
    return sum(rises) / len(rises)
