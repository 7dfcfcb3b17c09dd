"""Finger-stick glucose before and after meals and at bedtime.

The square root of glucose is taken to be normally distributed: this describes the recording
uci-diabetes from its 1st to its 99th percentile, and gives its share of low values without a
further assumption.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Final, NamedTuple

from simulators.sample import GLUCOSE, MG_DL, Amount
from simulators.vitals.chance import Chance
from simulators.vitals.day import ALWAYS, Day, Taken
from simulators.vitals.draw import Wander, moment, shown
from simulators.vitals.pulse import Pulse
from simulators.vitals.setbacks import HYPOGLYCAEMIA

KIND: Final = GLUCOSE
# What most meters show as a number, mg/dL; below and above they say LO and HI.
LIMITS: Final = (20, 600)
# SD as a share of the value. ISO 15197:2013 wants 95 % within 15 %; a meter on the market repeated
# itself within 2.4 % (Jendrike et al. 2018, PMC6399804). Chosen between.
METER: Final = 0.035
AFTER_MEAL: Final = timedelta(minutes=100)
# Level 2 of the ADA is below 54 mg/dL; 15 minutes after 15 g of glucose it is measured again.
HYPO: Final = (38, 53)
AGAIN: Final = timedelta(minutes=15)
RECOVERED: Final = (20, 60)
BESIDE: Final = timedelta(minutes=60)


class Slot(NamedTuple):
    """When glucose is measured: the hour, what is added to the root, the chance that it is."""

    note: str
    hour: float
    added: float = 0.0
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class GlucoseTraits:
    """Where a person's glucose is and how it varies. Unit: root of mg/dL, but for `meal`."""

    root: float = 9.55
    """Before meals. 9.55 is 91 mg/dL; healthy people of up to 60 years have a mean of 98 to 99 all
    day long by sensor (Shah et al. 2019, J Clin Endocrinol Metab 104:4356-64)."""
    between: float = 0.25
    """SD between people. Chosen: 5 mg/dL."""
    within: tuple[float, float] = (0.35, 0.05)
    """SD within a person: its mean and its SD between people. Chosen: 7 mg/dL."""
    daily: float = 0.2
    """Which share of the deviation belongs to the day as a whole. From the recording uci-diabetes:
    successive values are hardly correlated."""
    meal: tuple[float, float] = (28.0, 14.0)
    """mg/dL above the value before, 100 minutes after a meal: mean and SD. Chosen for a mean of 98
    all day long (Shah et al. 2019)."""
    slots: tuple[Slot, ...] = (
        Slot("before breakfast", 7.25),
        Slot("after supper", 18.5, 0.0, 0.5),
    )
    """When it is measured. Chosen: healthy people measure little."""


class Glucose:
    """One person's."""

    def __init__(self, traits: GlucoseTraits, person: Chance) -> None:
        self._traits = traits
        self._root = person.normal(traits.root, traits.between)
        self._deviation = max(0.2, person.normal(*traits.within))
        self._wander = Wander(self._deviation * traits.daily, 0.3)
        self._rest = self._deviation * sqrt(1 - traits.daily**2)

    def day(self, day: Day, chance: Chance, pulse: Pulse) -> Iterator[Taken]:
        """Return the measurements of one day."""
        del pulse  # a meter counts none
        today = self._root + self._wander.step(chance)
        for occasion, slot in enumerate(self._traits.slots):
            at = moment(chance, day.midnight, slot.hour, 20)
            root = chance.normal(today + slot.added, self._rest)
            value = max(0.0, root) ** 2 + day.added("glucose", at)
            rise = max(0.0, chance.normal(*self._traits.meal))
            if slot.note.startswith("after"):
                at, value = at + AFTER_MEAL, value + rise
            measured = _measured(chance, value)
            if chance.happens(slot.probability) and not _near(at, day.onset(HYPOGLYCAEMIA)):
                yield Taken(at, occasion, measured, slot.note)
        yield from self._low(day, chance)

    def _low(self, day: Day, chance: Chance) -> Iterator[Taken]:
        at = day.onset(HYPOGLYCAEMIA)
        low = float(chance.whole(*HYPO))
        again = low + chance.whole(*RECOVERED)
        if at is not None:
            yield Taken(
                at, ALWAYS, {"glucose": Amount(shown(low, "1", *LIMITS), MG_DL)}, "felt low"
            )
            values = {"glucose": Amount(shown(again, "1", *LIMITS), MG_DL)}
            yield Taken(at + AGAIN, ALWAYS, values, "felt low, again")


def _near(at: datetime, low: datetime | None) -> bool:
    """Say whether the time lies beside a low: what is measured there is measured for the low."""
    return low is not None and abs(at - low) < BESIDE


def _measured(chance: Chance, value: float) -> dict[str, Amount]:
    """Return what the meter says."""
    number = round(chance.normal(value, METER * value))
    if number < LIMITS[0]:
        return {"glucose": Amount("LO", MG_DL)}
    if number > LIMITS[1]:
        return {"glucose": Amount("HI", MG_DL)}
    return {"glucose": Amount(shown(number, "1", *LIMITS), MG_DL)}
