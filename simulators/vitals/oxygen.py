"""Oxygen saturation and pulse by spot check at rest, morning and evening."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from simulators.sample import OXYGEN, PER_MINUTE, PERCENT, Amount
from simulators.vitals.chance import Chance
from simulators.vitals.day import Day, Taken
from simulators.vitals.draw import Wander, moment, rhythm, shown
from simulators.vitals.pulse import Pulse

KIND: Final = OXYGEN
HOURS: Final = (8.0, 20.5)
PEAK_HOUR: Final = 16.0
LIMITS: Final = (70.0, 100.0)


@dataclass(frozen=True, slots=True)
class OxygenTraits:
    """Where a person's saturation is and how it varies. Unit: percent of haemoglobin."""

    mean: float = 97.2
    """Chosen. 95 and above is usual; the recording bidmc has a mean of 97.1."""
    between: float = 0.8
    """SD between people. Chosen."""
    daily: float = 0.5
    """SD of good and bad days; with `reading` about 1, as in stable COPD (Hurst et al. 2010, BMC
    Pulm Med 10:52, table 2)."""
    memory: float = 0.5
    """Correlation of one day with the next. Chosen."""
    reading: float = 0.8
    """SD from one measurement to the next. See `daily`."""
    amplitude: float = 0.3
    """Half of the difference between afternoon and night. Chosen."""


class Oxygen:
    """One person's."""

    def __init__(self, traits: OxygenTraits, person: Chance) -> None:
        self._traits = traits
        self._mean = person.normal(traits.mean, traits.between)
        self._wander = Wander(traits.daily, traits.memory)

    def day(self, day: Day, chance: Chance, pulse: Pulse) -> Iterator[Taken]:
        """Return the spot checks of one day."""
        traits = self._traits
        today = self._mean + self._wander.step(chance)
        for occasion, hour in enumerate(HOURS):
            at = moment(chance, day.midnight, hour, 25)
            spo2 = today + traits.amplitude * rhythm(at, PEAK_HOUR)
            spo2 += day.added("spo2", at) + chance.normal(0, traits.reading)
            count = pulse.count(chance, at, day.added("pulse", at))
            values = {
                "spo2": Amount(shown(spo2, "1", *LIMITS), PERCENT),
                "pulse": Amount(count, PER_MINUTE),
            }
            yield Taken(at, occasion, values)
