"""Glucose Measurement (2A18) and its Context (2A34), GLS 1.0, written by hand."""

import struct
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from simulators.home_file import Context, Glucose
from simulators.peripherals.octets import (
    NEGATIVE_INFINITY,
    POSITIVE_INFINITY,
    date_time,
    sfloat,
)

TOO_HIGH: Final = 1 << 5  # "sensor result higher than the device can process"
TOO_LOW: Final = 1 << 6
# The field is in kg/L or mol/L: 1 mg/dL = 1e-5 kg/L, 1 mmol/L = 1e-3 mol/L.
SHIFT: Final = {"mg/dL": -5, "mmol/L": -3}


def measurement(glucose: Glucose, sequence: int, stamp: datetime) -> bytes:
    """Return 2A18: flags, sequence, base time, offset, concentration, type/location, status."""
    status = _status(glucose)
    flags = 0b10 | (glucose.offset_min is not None) | (glucose.unit == "mmol/L") << 2
    flags |= (status is not None) << 3 | (glucose.context is not None) << 4
    base = stamp - timedelta(minutes=glucose.offset_min or 0)
    octets = struct.pack("<BH", flags, sequence) + date_time(base)
    if glucose.offset_min is not None:
        octets += struct.pack("<h", glucose.offset_min)
    octets += _concentration(glucose) + bytes([glucose.location << 4 | glucose.sample])
    return octets if status is None else octets + struct.pack("<H", status)


def context(told: Context, sequence: int) -> bytes:
    """Return 2A34: flags, sequence, carbohydrate, meal, tester and health."""
    flags = (told.carbohydrate is not None) | (told.meal is not None) << 1
    flags |= (told.tester is not None) << 2
    octets = struct.pack("<BH", flags, sequence)
    if told.carbohydrate is not None and told.carbohydrate_g is not None:
        octets += bytes([told.carbohydrate]) + sfloat(told.carbohydrate_g.scaleb(-3))
    if told.meal is not None:
        octets += bytes([told.meal])
    if told.tester is not None and told.health is not None:
        octets += bytes([told.health << 4 | told.tester])
    return octets


def _concentration(glucose: Glucose) -> bytes:
    if isinstance(glucose.glucose, Decimal):
        return sfloat(glucose.glucose.scaleb(SHIFT[glucose.unit]))
    return POSITIVE_INFINITY if glucose.glucose == "HI" else NEGATIVE_INFINITY


def _status(glucose: Glucose) -> int | None:
    """A result out of range is told twice: by the concentration and by its status bit."""
    if isinstance(glucose.glucose, Decimal):
        return glucose.status
    bit = TOO_HIGH if glucose.glucose == "HI" else TOO_LOW
    return (glucose.status or 0) | bit
