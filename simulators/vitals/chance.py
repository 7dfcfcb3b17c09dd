"""Random numbers that are the same on every machine, with every release of numpy.

numpy promises the raw bits of a bit generator and of SeedSequence for ever, but not the values of
`Generator.normal` (NEP 19). So only raw bits are taken from numpy. The inverse of the normal
distribution is the standard library's; where a platform's `log` differs in the last bit, rounding
to what a device shows hides it.
"""

from statistics import NormalDist
from typing import Final
from zlib import crc32

from numpy.random import PCG64, SeedSequence

_NORMAL: Final = NormalDist()
# Four deviations: one value in 16,000 is cut, and none can leave what a device can show.
_CUT: Final = 4.0


class Chance:
    """One stream: of a person for good (`day` is None), or of one vital sign on one day.

    Every vital sign and every day of it has a stream of its own, so a further vital sign, a further
    day or a further draw in one of them changes no other.
    """

    def __init__(self, seed: int, subject: str, stream: str, day: int | None = None) -> None:
        key = (crc32(stream.encode()), 0 if day is None else day + 1)
        sequence = SeedSequence([seed, crc32(subject.encode())], spawn_key=key)
        self._bits = PCG64(sequence)

    def unit(self) -> float:
        """Return a number above 0 and below 1."""
        return (float(int(self._bits.random_raw()) >> 11) + 0.5) * 2.0**-53

    def uniform(self, low: float, high: float) -> float:
        """Return a number between the two."""
        return low + (high - low) * self.unit()

    def normal(self, mean: float, deviation: float) -> float:
        """Return a normally distributed number, cut at four deviations."""
        return mean + deviation * min(_CUT, max(-_CUT, _NORMAL.inv_cdf(self.unit())))

    def whole(self, low: int, high: int) -> int:
        """Return a whole number, both ends included."""
        return low + int(self.unit() * (high - low + 1))

    def happens(self, probability: float) -> bool:
        """Return whether something of this probability happens; always draws once."""
        return self.unit() < probability
