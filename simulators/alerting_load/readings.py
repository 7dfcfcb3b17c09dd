"""What people with little to report measure, of whom now and then one breaks a rule."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Final

from simulators.alerting_load.rules import VITALS, Vital
from simulators.sample import (
    BLOOD_PRESSURE,
    GLUCOSE,
    OXYGEN,
    TEMPERATURE,
    WEIGHT,
    Amount,
    Sample,
)

BY_NAME: Final = {vital.name: vital for vital in VITALS}
MEASURES: Final = {
    BLOOD_PRESSURE: ("systolic", "diastolic", "pulse"),
    GLUCOSE: ("glucose",),
    OXYGEN: ("spo2", "pulse"),
    TEMPERATURE: ("temperature",),
    WEIGHT: ("weight",),
}
# Of each kind what breaks a rule: no jump that would be held as another person's.
BREAKS: Final = {
    BLOOD_PRESSURE: (("systolic", "186"), ("systolic", "84")),
    GLUCOSE: (("glucose", "262"), ("glucose", "58")),
    OXYGEN: (("spo2", "86"),),
    TEMPERATURE: (("temperature", "39.4"), ("temperature", "34.8")),
    WEIGHT: (("weight", "83.5"),),
}
TENTHS: Final = frozenset({"temperature", "weight"})


class Person:
    """The endless series of one person; after `calm` of them `share` breaks a rule."""

    def __init__(self, number: int, seed: int, calm: int, share: float) -> None:
        self._chance = Random(f"{seed} {number}")  # noqa: S311 - no secret
        self._calm, self._share = calm, share
        self.broken = 0

    def __iter__(self) -> Iterator[Sample]:
        return self

    def __next__(self) -> Sample:
        kind = self._chance.choice(list(MEASURES))
        values = {name: self._usual(BY_NAME[name]) for name in MEASURES[kind]}
        self._calm -= 1
        if self._calm < 0 and self._chance.random() < self._share:
            name, number = self._chance.choice(BREAKS[kind])
            values[name] = Amount(Decimal(number), BY_NAME[name].unit)
            self.broken += 1
        return Sample("load", kind, datetime.min, values)  # noqa: DTZ901 - the hub stamps it

    def _usual(self, vital: Vital) -> Amount:
        number = self._chance.uniform(vital.calm - vital.noise, vital.calm + vital.noise)
        return Amount(Decimal(f"{number:.{int(vital.name in TENTHS)}f}"), vital.unit)
