"""Body temperature in the mouth, morning and evening."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from simulators.sample import CELSIUS, TEMPERATURE, Amount
from simulators.vitals.chance import Chance
from simulators.vitals.day import Day, Taken
from simulators.vitals.draw import Wander, moment, rhythm, shown
from simulators.vitals.pulse import Pulse

KIND: Final = TEMPERATURE
HOURS: Final = (7.5, 19.0)
# Highest from four to six in the afternoon (Mackowiak et al. 1992, JAMA 268:1578-80).
PEAK_HOUR: Final = 17.0
LIMITS: Final = (34.0, 42.0)


@dataclass(frozen=True, slots=True)
class TemperatureTraits:
    """Where a person's temperature is and how it varies. Unit: degrees Celsius."""

    mean: float = 36.64
    """618,306 visits of adults (Ley et al. 2023, JAMA Intern Med, PMC10481327)."""
    between: float = 0.2
    """SD between people. Chosen, within the 36.24 to 36.89 of the same study."""
    amplitude: float = 0.13
    """Half of the daily change. Mornings are 0.20 below late afternoons (97.91 and 98.27 degF:
    longitudinal study in northern India, medRxiv 2021.06.03.21258282)."""
    daily: float = 0.12
    """SD of days. Chosen; with `between` and `reading` 0.34 in all, as in the medRxiv study."""
    memory: float = 0.4
    """Correlation of one day with the next. Chosen."""
    reading: float = 0.22
    """SD from one measurement to the next. See `daily`."""


class Temperature:
    """One person's."""

    def __init__(self, traits: TemperatureTraits, person: Chance) -> None:
        self._traits = traits
        self._mean = person.normal(traits.mean, traits.between)
        self._wander = Wander(traits.daily, traits.memory)

    def day(self, day: Day, chance: Chance, pulse: Pulse) -> Iterator[Taken]:
        """Return the measurements of one day."""
        del pulse  # a thermometer counts none
        traits = self._traits
        today = self._mean + self._wander.step(chance)
        for occasion, hour in enumerate(HOURS):
            at = moment(chance, day.midnight, hour, 20)
            value = today + traits.amplitude * rhythm(at, PEAK_HOUR) + day.added("temperature", at)
            value += chance.normal(0, traits.reading)
            yield Taken(
                at, occasion, {"temperature": Amount(shown(value, "0.1", *LIMITS), CELSIUS)}
            )
