"""The pulse at rest, which the cuff and the oximeter both count."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from simulators.vitals.chance import Chance
from simulators.vitals.draw import Wander, rhythm, shown

PEAK_HOUR: Final = 15.0


@dataclass(frozen=True, slots=True)
class PulseTraits:
    """Where a person's pulse is and how it varies. Unit: beats per minute."""

    mean: float = 71.5
    """65.5 at rest by wrist (Quer 2020, PLoS ONE 15(2):e0227709); 6 more when sitting, chosen."""
    between: float = 7.7
    """SD between people (Quer et al. 2020)."""
    daily: float = 3.0
    """SD of good and bad days; with `reading` 5, as in stable COPD (Hurst et al. 2010)."""
    memory: float = 0.5
    """Correlation of one day with the next. Chosen."""
    reading: float = 4.0
    """SD from one measurement to the next. See `daily`."""
    amplitude: float = 3.0
    """Half of the difference between afternoon and night. Chosen."""


class Pulse:
    """One person's."""

    def __init__(self, traits: PulseTraits, person: Chance) -> None:
        self._traits = traits
        self._person = person
        self._mean = person.normal(traits.mean, traits.between)
        self._wander = Wander(traits.daily, traits.memory)
        self._today = 0.0

    def begin(self) -> None:
        """Begin the next day."""
        self._today = self._wander.step(self._person)

    def count(self, chance: Chance, at: datetime, added: float) -> Decimal:
        """Return what a device counts at that time."""
        traits = self._traits
        wave = traits.amplitude * rhythm(at, PEAK_HOUR)
        value = self._mean + self._today + wave + added + chance.normal(0, traits.reading)
        return shown(value, "1", 35, 200)
