"""Blood pressure: person, drift, day, time of day, sitting, first of a series, reading."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from simulators.sample import BLOOD_PRESSURE, MMHG, PER_MINUTE, Amount
from simulators.vitals.chance import Chance
from simulators.vitals.day import Day, Taken
from simulators.vitals.draw import Wander, moment, rhythm, shown
from simulators.vitals.pulse import Pulse

KIND: Final = BLOOD_PRESSURE
LIMITS: Final = {"systolic": (60.0, 260.0), "diastolic": (30.0, 200.0)}
# Our own choice: with it, morning and evening would be equal, were it not for `morning`.
PEAK_HOUR: Final = 13.5
# How the diastolic value follows the systolic one, by level. From 8.6 and 5.8, the deviations
# within a person (Kato et al. 2010); the split is our own.
FOLLOWS: Final = 0.45
# Between people half (the recording bp-preg: correlation 0.66 of women's means).
FOLLOWS_BETWEEN: Final = 0.5
# Our own choice; with the coarsest steps, diastolic still stays below systolic.
LEAST_PULSE_PRESSURE: Final = 12.0


class Pair(NamedTuple):
    """A systolic and a diastolic number, mmHg."""

    systolic: float
    diastolic: float

    def plus(self, other: "Pair", times: float = 1.0) -> "Pair":
        """Return the sum."""
        return Pair(self[0] + times * other[0], self[1] + times * other[1])


@dataclass(frozen=True, slots=True)
class Routine:
    """When and how often it is measured."""

    hours: tuple[float, ...] = (7.0, 20.0)
    """Morning and evening: the home protocol of the ESH."""
    readings: tuple[int, int] = (2, 2)
    """At each time: at least and at most."""
    apart_min: tuple[int, int] = (1, 3)
    """Minutes between two readings: at least one (ESH)."""
    every_days: int = 1
    """Days from one day of measuring to the next."""
    observer: bool = False
    """Whether a person reads a column: most numbers then end in 0 or 5."""


@dataclass(frozen=True, slots=True)
class PressureTraits:
    """Where a person's pressure is and how it varies. Unit: mmHg."""

    mean: Pair = Pair(118, 73)
    """Chosen, somewhat below the population of Ohasama with 123/76 (Kato et al. 2010,
    PubMed 20448533: 1,215 people of mean age 62, some treated)."""
    between: float = 10.0
    """SD of people's systolic means. Chosen; 15.1 in Ohasama, treated and untreated together."""
    pulse_pressure: float = 5.0
    """SD of people's pulse pressures that the systolic mean does not explain. With 15.1 it gives
    the diastolic 9.0 of Ohasama (Kato et al. 2010)."""
    daily: float = 4.5
    """SD of good and bad days. `daily`, `sitting` and `reading` together give 8.6 systolic and
    5.8 diastolic within a person, as in Kato et al. 2010; how it splits is chosen."""
    memory: float = 0.3
    """Correlation of one day with the next. Chosen."""
    sitting: float = 5.0
    """SD from one time of measuring to another of the same day. See `daily`."""
    reading: float = 5.0
    """SD from one reading to the next minute's. See `daily`."""
    own: float = 0.5
    """The share of these three by which the diastolic pressure goes its own way. See `daily`."""
    amplitude: Pair = Pair(0.065, 0.09)
    """Share of the mean: half of the fall in sleep, to 0.87 and 0.82 of the waking pressure
    (Hinderliter et al. 2013, J Am Soc Hypertens 7(6), PMC3865136)."""
    morning: float = 1.5
    """How much higher the morning is. Home pressure is higher in the morning (Imai et al. 1999, J
    Hypertens 17:889-98); the size is chosen."""
    first_reading: Pair = Pair(3.0, 1.2)
    """How much higher the first of a series is. Chosen, between nothing and the 6.7 and 4.5 of
    the recording bp-preg."""
    calming: float = 0.4
    """The share of that which is left at each next reading. From the recording bp-preg."""
    first_day: Pair = Pair(2.8, 1.4)
    """How much higher the first day is; gone after the third (European database of 2,122 people,
    J Hypertens, phc.ox.ac.uk/publications/1266257)."""
    drift: float = 1.5
    """SD between people of the change in 30 days. Chosen."""
    routine: Routine = Routine()
    """When it is measured. The home protocol of the ESH."""


class Pressure:
    """One person's."""

    def __init__(self, traits: PressureTraits, person: Chance) -> None:
        self._traits = traits
        above = person.normal(0, traits.between)
        own = person.normal(0, traits.pulse_pressure)
        self._mean = traits.mean.plus(Pair(above, FOLLOWS_BETWEEN * above + own))
        self._drift = person.normal(0, traits.drift) / 30
        self._calms = max(0.0, person.normal(1.0, 0.4))
        self._wander = Wander(traits.daily, traits.memory)

    def day(self, day: Day, chance: Chance, pulse: Pulse) -> Iterator[Taken]:
        """Return the readings of one day."""
        traits, routine = self._traits, self._traits.routine
        today = self._follow(chance, self._wander.step(chance), traits.daily)
        drift = self._drift * day.number
        base = self._mean.plus(today).plus(Pair(drift, FOLLOWS * drift))
        base = base.plus(traits.first_day, max(0.0, 1 - day.number / 3))
        if day.number % routine.every_days:
            return
        for occasion, hour in enumerate(routine.hours):
            at = moment(chance, day.midnight, hour, 20)
            sitting = self._follow(chance, chance.normal(0, traits.sitting), traits.sitting)
            for number in range(chance.whole(*routine.readings)):
                pair = base.plus(sitting).plus(self._at(day, at))
                pair = pair.plus(traits.first_reading, self._calms * traits.calming**number)
                yield Taken(at, occasion, self._reading(day, chance, pulse, at, pair))
                at += timedelta(minutes=chance.whole(*routine.apart_min))

    def _follow(self, chance: Chance, systolic: float, deviation: float) -> Pair:
        """Let the diastolic pressure follow in part, and go its own way in part."""
        own = chance.normal(0, self._traits.own * deviation)
        return Pair(systolic, FOLLOWS * systolic + own)

    def _at(self, day: Day, at: datetime) -> Pair:
        """Return what the time of day and the setbacks add."""
        traits = self._traits
        wave = rhythm(at, PEAK_HOUR) - rhythm(day.midnight.replace(hour=7), PEAK_HOUR)
        morning = traits.morning * (0.5 if at.hour < 12 else -0.5)
        shares = traits.amplitude
        daily = Pair(shares[0] * traits.mean[0], shares[1] * traits.mean[1])
        added = Pair(day.added("systolic", at), day.added("diastolic", at))
        return added.plus(daily, wave).plus(Pair(morning, FOLLOWS * morning))

    def _reading(
        self, day: Day, chance: Chance, pulse: Pulse, at: datetime, true: Pair
    ) -> dict[str, Amount]:
        deviation = self._traits.reading
        pair = true.plus(self._follow(chance, chance.normal(0, deviation), deviation))
        step = _end_digit(chance) if self._traits.routine.observer else "1"
        systolic = shown(pair.systolic, step, *LIMITS["systolic"])
        highest = float(systolic) - LEAST_PULSE_PRESSURE
        diastolic = shown(min(pair.diastolic, highest), step, *LIMITS["diastolic"])
        count = pulse.count(chance, at, day.added("pulse", at))
        return {
            "systolic": Amount(systolic, MMHG),
            "diastolic": Amount(diastolic, MMHG),
            "pulse": Amount(count, PER_MINUTE),
        }


def _end_digit(chance: Chance) -> str:
    """Return in which steps the observer reads: in bp-preg 58 % end in 0 and 26 % in 5."""
    draw = chance.unit()
    return "10" if draw < 0.28 else "5" if draw < 0.80 else "2"
