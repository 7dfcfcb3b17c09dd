"""Which measurements are not made."""

from dataclasses import dataclass
from typing import Final

from simulators.vitals.chance import Chance

# Days with readings: 73.6 % (SD 25.0 between people), falling by 1.4 % a month (Ware et al. 2019,
# JMIR Mhealth Uhealth 7(2):e13259, heart failure). The Kumaraswamy distribution with these two
# parameters has that mean and that deviation, and is computed by two powers.
SHAPE: Final = (1.65, 0.55)
FALL_PER_DAY: Final = 0.014 / 30
# Our own choice: most of what is missed is missed as whole days, and those come in runs of two.
WHOLE_DAYS: Final = 0.6
RUN_DAYS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Adherence:
    """The share of scheduled measurements that somebody makes, and its fall (share per day)."""

    share: float
    fall: float = 0.0

    @classmethod
    def draw(cls, chance: Chance) -> "Adherence":
        """Draw somebody from the published distribution."""
        a, b = SHAPE
        return cls((1 - (1 - chance.unit()) ** (1 / b)) ** (1 / a), FALL_PER_DAY)

    def on(self, day: int) -> float:
        """Return the share on that day."""
        return min(1.0, max(0.0, self.share - self.fall * day))


class Diary:
    """Which days and which times of day are left out. Ask for the days in order."""

    def __init__(self, adherence: Adherence, chance: Chance) -> None:
        self._adherence = adherence
        self._chance = chance
        self._away: bool | None = None

    def begin(self, day: int) -> float:
        """Begin a day; return the probability that one scheduled time of it is kept."""
        missed = 1 - self._adherence.on(day)
        whole = missed * WHOLE_DAYS
        if self._away is None:
            self._away = self._chance.happens(whole)
        elif self._away:
            self._away = self._chance.happens(_stay(whole))
        else:
            self._away = self._chance.happens(_leave(whole))
        return 0.0 if self._away else 1 - (missed - whole) / (1 - whole)


def _leave(whole: float) -> float:
    """Return the chance that a run begins, so that in all the share `whole` of days is missed."""
    return min(1.0, (1 - _stay(whole)) * whole / (1 - whole))


def _stay(whole: float) -> float:
    return max(1 - 1 / RUN_DAYS, 2 - 1 / whole if whole else 0.0)
