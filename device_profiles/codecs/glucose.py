"""Glucose Measurement (2A18): what one record says. Source: Glucose Service 1.0.1, 3.1.

The unit bit means kg/L or mol/L, as the concentration field has it.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from device_profiles.codecs import date_time
from device_profiles.codecs.medfloat import Amount
from device_profiles.codecs.octets import Octets
from device_profiles.gatt import GLUCOSE_MEASUREMENT
from device_profiles.reading import DeviceTime

KG_PER_L: Final = "kg/L"
MOL_PER_L: Final = "mol/L"
_OFFSET, _CONCENTRATION, _MOLAR, _STATUS, _CONTEXT = (1 << bit for bit in range(5))


@dataclass(frozen=True, slots=True)
class Glucose:
    """One record, as it says it; `mg_dl` or `mmol_l` is the concentration in the usual unit."""

    seq: int
    base_time: DeviceTime
    offset_min: int | None
    concentration: Amount | None
    unit: str
    mg_dl: Amount | None
    mmol_l: Amount | None
    type: int | None
    location: int | None
    status: int | None
    context_follows: bool


def decode(octets: bytes) -> Glucose:
    """Read a Glucose Measurement."""
    rest = Octets(octets)
    present = rest.unsigned(1, "the flags")
    seq = rest.unsigned(2, "the sequence number")
    base_time = date_time.take(rest, "the base time")
    offset = rest.signed(2, "the time offset") if present & _OFFSET else None
    concentration = rest.sfloat("the concentration") if present & _CONCENTRATION else None
    sample = rest.unsigned(1, "type and location") if present & _CONCENTRATION else None
    status = rest.unsigned(2, "the status") if present & _STATUS else None
    rest.end()
    molar = bool(present & _MOLAR)
    return Glucose(
        seq=seq,
        base_time=base_time,
        offset_min=offset,
        concentration=concentration,
        unit=MOL_PER_L if molar else KG_PER_L,
        mg_dl=None if molar else _scaled(concentration, 5),
        mmol_l=_scaled(concentration, 3) if molar else None,
        type=None if sample is None else sample & 0xF,
        location=None if sample is None else sample >> 4,
        status=status,
        context_follows=bool(present & _CONTEXT),
    )


def _scaled(concentration: Amount | None, places: int) -> Amount | None:
    """Move the decimal point: exact, where a product of floats is not."""
    if isinstance(concentration, Decimal):
        return concentration.scaleb(places)
    return concentration


DECODES: Final = {GLUCOSE_MEASUREMENT: decode}
