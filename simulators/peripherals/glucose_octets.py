"""One glucose record: as HOME.json has it, and as 2A18 and 2A34 (GLS 1.0), written by hand."""

import struct
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from simulators.peripherals.octets import (
    NEGATIVE_INFINITY,
    POSITIVE_INFINITY,
    date_time,
    sfloat,
)
from simulators.peripherals.spec import Measurement, Nibble, Strict, Word

TOO_HIGH: Final = 1 << 5  # "sensor result higher than the device can process"
TOO_LOW: Final = 1 << 6
# The field is in kg/L or mol/L: 1 mg/dL = 1e-5 kg/L, 1 mmol/L = 1e-3 mol/L.
SHIFT: Final = {"mg/dL": -5, "mmol/L": -3}


class Context(Strict):
    """What the user told the meter about a measurement (2A34)."""

    meal: Annotated[int, Field(ge=1, le=5)] | None = None  # 1 before, 2 after, 3 fasting, ...
    carbohydrate: Annotated[int, Field(ge=1, le=7)] | None = None
    carbohydrate_g: Decimal | None = None
    tester: Nibble | None = None
    health: Nibble | None = None

    @model_validator(mode="after")
    def _in_pairs(self) -> Self:
        if (self.carbohydrate is None) != (self.carbohydrate_g is None):
            raise ValueError("carbohydrate and carbohydrate_g belong together")
        if (self.tester is None) != (self.health is None):
            raise ValueError("tester and health belong together")
        return self


class Glucose(Measurement):
    """One glucose value; HI and LO are results outside what the meter can measure."""

    glucose: Literal["HI", "LO"] | Decimal
    unit: Literal["mg/dL", "mmol/L"] = "mg/dL"
    offset_min: Annotated[int, Field(ge=-32768, le=32767)] | None = None
    sample: Nibble = 1  # capillary whole blood; 10 is control solution
    location: Nibble = 1  # finger
    status: Word | None = None
    context: Context | None = None

    @model_validator(mode="after")
    def _fits_medfloat(self) -> Self:
        if isinstance(self.glucose, Decimal):
            sfloat(self.glucose)
        return self


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
