"""What goes wrong for days: decompensation, exacerbation, fever, low and high glucose.

How long and how much (our own choice where no source is named):

- decompensation of heart failure: weight rises gradually, most in the last week before hospital,
  with gains of 2 to more than 10 lb there (Chaudhry et al. 2007, Circulation 116:1549-54); here
  about 3.5 kg in 12 days, falling under treatment in 5 days; SpO2 falls and the pulse rises late.
- exacerbation of COPD: SpO2 falls and the pulse rises from just before the onset, most 2-3 days
  after it (Hurst et al. 2010, BMC Pulm Med 10:52); symptoms last until 12 days after the start of
  treatment (JMIR Mhealth Uhealth 2020;8(11):e17597, 83 patients).
- fever: systemic symptoms of influenza peak on day 2 (Carrat et al. 2008, Am J Epidemiol
  167:775-85); the pulse rises by 7.2/min for each degree (Jensen et al. 2019, Acute Med, doi
  10.52964/amja.0766).
- severe pressure: an afternoon and an evening at 180/120 or above, in who is at 140/85 otherwise.
- pre-eclampsia: a rise over a week.
- sick day: glucose far above the usual for two days.
- hypoglycaemia: one value below 54 mg/dL, measured again after a quarter of an hour.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from simulators.vitals.chance import Chance

DECOMPENSATION: Final = "decompensation"
EXACERBATION: Final = "exacerbation"
FEVER: Final = "fever"
SEVERE_PRESSURE: Final = "severe pressure"
PRE_ECLAMPSIA: Final = "pre-eclampsia"
SICK_DAY: Final = "sick day"
HYPOGLYCAEMIA: Final = "hypoglycaemia"

# The first one comes in this window (days after the first), so that two weeks show its beginning
# and thirty days all of it.
FIRST_ONSET: Final = (4, 10)
PULSE_PER_DEGREE: Final = 7.2


@dataclass(frozen=True, slots=True)
class Course:
    """How a setback runs. Days for the times; full effects in each vital sign's own unit."""

    rise: float
    stay: float
    fall: float
    late: bool = False
    """Whether it starts slowly and gets worse faster and faster."""
    effects: Mapping[str, float] = field(default_factory=dict)

    @property
    def days(self) -> float:
        """Return how long it lasts."""
        return self.rise + self.stay + self.fall

    def share(self, since: float) -> float:
        """Return how much of the full effect there is so many days after the onset."""
        if since <= 0 or since >= self.days:
            return 0.0
        if since < self.rise:
            part = since / self.rise
            return part * part if self.late else part
        return min(1.0, (self.days - since) / self.fall)


COURSES: Final[Mapping[str, Course]] = {
    DECOMPENSATION: Course(12, 1, 5, True, {"weight": 3.5, "spo2": -6, "pulse": 18}),
    EXACERBATION: Course(2.5, 2, 9.5, False, {"spo2": -5, "pulse": 14, "temperature": 0.6}),
    FEVER: Course(0.8, 1.2, 1.5, False, {"temperature": 2.2, "pulse": 2.2 * PULSE_PER_DEGREE}),
    SEVERE_PRESSURE: Course(0.4, 0.6, 0.4, False, {"systolic": 52, "diastolic": 26}),
    PRE_ECLAMPSIA: Course(7, 9, 4, False, {"systolic": 24, "diastolic": 15}),
    SICK_DAY: Course(0.4, 1.2, 0.8, False, {"glucose": 170}),
    HYPOGLYCAEMIA: Course(0.0, 0.0, 1.0),
}


@dataclass(frozen=True, slots=True)
class Setback:
    """One of them: `onset` in days after the first midnight, `size` 1 for the full effect."""

    kind: str
    onset: float
    size: float = 1.0

    @property
    def end(self) -> float:
        """Return when it is over."""
        return self.onset + COURSES[self.kind].days

    def effect(self, vital: str, now: float) -> float:
        """Return what is added to the vital sign at that time, in days after the first midnight."""
        course = COURSES[self.kind]
        return self.size * course.effects.get(vital, 0.0) * course.share(now - self.onset)


def drawn(
    seed: int, subject: str, rates: Mapping[str, float], shown: tuple[str, ...], days: int
) -> Iterator[Setback]:
    """Return the setbacks that begin within so many days; more days add, but change none.

    `rates` are per year. A kind that is `shown` comes once for sure, early.
    """
    for kind, per_year in rates.items():
        # One stream for all days: each day draws three times, whatever happens.
        chance = Chance(seed, subject, kind)
        early = chance.whole(*FIRST_ONSET)
        first = early if kind in shown else None
        free_from = 0.0
        for day in range(days):
            begins = chance.happens(per_year / 365.25) or day == first
            setback = Setback(kind, day + chance.uniform(0.2, 0.6), chance.uniform(0.85, 1.25))
            if begins and (day == first or day >= free_from) and not _reaches(first, day, kind):
                free_from = setback.end
                yield setback


def _reaches(first: int | None, day: int, kind: str) -> bool:
    """Say whether a setback from `day` on would run into the one that comes for sure."""
    return first is not None and day < first <= day + COURSES[kind].days
