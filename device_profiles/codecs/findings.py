"""From amounts and status bits to values, flags and a validity. Doubt sets a flag, never drops.

The windows and the meaning of "no value" are the project's own judgement (J) unless a source is
named beside them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from device_profiles.codecs.medfloat import Amount
from device_profiles.codes import Term
from device_profiles.reading import Absent, Validity, Value

_FROM_BEST_TO_WORST: Final = (
    Validity.VALID,
    Validity.QUESTIONABLE,
    Validity.INVALID,
    Validity.TEST,
    Validity.CONTROL,  # never a patient's, so no other doubt about it matters
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A flag, and what it makes of the reading."""

    flag: str
    validity: Validity = Validity.VALID


@dataclass(frozen=True, slots=True)
class Window:
    """The range outside which a number is probably not the patient's."""

    low: Decimal
    high: Decimal


PULSE_WINDOW: Final = Window(Decimal(25), Decimal(250))


def worst(findings: Iterable[Finding]) -> Validity:
    """Return the validity of a reading with these findings."""
    ranks = (_FROM_BEST_TO_WORST.index(finding.validity) for finding in findings)
    return _FROM_BEST_TO_WORST[max(ranks, default=0)]


def flags(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return each flag once, in the order found."""
    return tuple(dict.fromkeys(finding.flag for finding in findings))


def from_bits(status: int | None, meanings: Mapping[int, Finding]) -> list[Finding]:
    """Return what the set bits of a status mean; reserved bits mean nothing."""
    return [finding for bit, finding in meanings.items() if (status or 0) >> bit & 1]


def value(term: Term, unit: str, amount: Amount) -> Value:
    """Return an amount of something that cannot be negative as a value.

    Devices send the octets FF FF for "no value"; as SFLOAT these are -0.1, no reserved value.
    """
    if isinstance(amount, Decimal) and amount.is_signed() and amount:
        amount = Absent.SENTINEL
    return signed_value(term, unit, amount)


def signed_value(term: Term, unit: str, amount: Amount) -> Value:
    """Return an amount as a value; less than nothing is possible."""
    if isinstance(amount, Absent):
        return Value(mdc=term.mdc, unit=unit, absent=amount)
    return Value(mdc=term.mdc, unit=unit, number=amount)


def absence(measured: Value, validity: Validity) -> list[Finding]:
    """Return the finding that a number is missing, if it is."""
    return [Finding(f"{measured.name}_absent", validity)] if measured.absent else []


def plausibility(measured: Value, window: Window, factor: Decimal = Decimal(1)) -> list[Finding]:
    """Return the finding that a number, times `factor`, lies outside its window."""
    if measured.number is None or window.low <= measured.number * factor <= window.high:
        return []
    return [Finding(f"{measured.name}_implausible", Validity.QUESTIONABLE)]


def lower_median(numbers: Sequence[int]) -> int:
    """Return the lower median: a number that the device showed, not a mean of two.

    `statistics` has one too; it would bring fractions and more into the hub's memory for this line.
    """
    return sorted(numbers)[(len(numbers) - 1) // 2]
