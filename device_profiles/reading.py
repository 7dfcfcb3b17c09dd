"""A Reading: one measurement act, with its values, the device's own time and the raw octets."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, model_validator

from device_profiles.codes import TERMS
from device_profiles.gatt import Uuid


def _octets(value: object) -> object:
    return bytes.fromhex(value) if isinstance(value, str) else value


Octets = Annotated[bytes, BeforeValidator(_octets), PlainSerializer(bytes.hex, when_used="json")]


class Frozen(BaseModel):
    """A value: compared by content, never changed, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Kind(StrEnum):
    """What was measured, as a whole act."""

    BLOOD_PRESSURE = "blood_pressure"
    GLUCOSE = "glucose"
    OXYGEN = "oxygen"
    TEMPERATURE = "temperature"
    WEIGHT = "weight"
    BODY_COMPOSITION = "body_composition"
    HEART_RATE = "heart_rate"
    CONTINUOUS_GLUCOSE = "continuous_glucose"


class Validity(StrEnum):
    """What a reading may be used for; only `valid` feeds averages."""

    VALID = "valid"
    QUESTIONABLE = "questionable"
    INVALID = "invalid"
    CONTROL = "control"
    TEST = "test"


class Absent(StrEnum):
    """Why there is no number. The first four are the special medfloat values."""

    NAN = "NaN"
    NRES = "NRes"
    POSITIVE_INFINITY = "+INF"
    NEGATIVE_INFINITY = "-INF"
    RESERVED = "RFU"
    ABOVE_RANGE = "HI"
    BELOW_RANGE = "LO"
    SENTINEL = "sentinel"


class DeviceTime(Frozen):
    """A device's wall clock, without a zone; 0 is an unknown year, month or day."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int

    def __str__(self) -> str:
        date = f"{self.year:04}-{self.month:02}-{self.day:02}"
        return f"{date}T{self.hour:02}:{self.minute:02}:{self.second:02}"

    def wall(self) -> datetime | None:
        """Return it as a naive datetime, or None where a part of the date is unknown."""
        if 0 in (self.year, self.month, self.day):
            return None
        try:
            return datetime(  # noqa: DTZ001 - a device clock has no zone; timeline.py gives it one
                self.year, self.month, self.day, self.hour, self.minute, self.second
            )
        except ValueError:
            return None


class Value(Frozen):
    """One number with its MDC code and UCUM unit, or the reason why there is no number."""

    mdc: int
    unit: str
    number: Decimal | None = None
    absent: Absent | None = None

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.number is None) == (self.absent is None):
            raise ValueError("a value has either a number or the reason why it has none")
        if self.number is not None and not self.number.is_finite():
            raise ValueError("a number is finite")
        return self

    @property
    def name(self) -> str:
        """Return our word for what was measured, as rules use it."""
        return TERMS[self.mdc].name

    @property
    def loinc(self) -> tuple[str, ...]:
        """Return the LOINC codes that fit the unit."""
        return TERMS[self.mdc].loinc.get(self.unit, ())


class Indication(Frozen):
    """Octets as they came from one characteristic."""

    uuid: Uuid
    octets: Octets


class Reading(Frozen):
    """One measurement act as its device told it. `octets` starts with the measurement itself."""

    kind: Kind
    values: tuple[Value, ...]
    validity: Validity
    octets: tuple[Indication, ...]
    device_time: DeviceTime | None = None
    flags: tuple[str, ...] = ()
    user: int | None = None
    sequence: int | None = None

    def value(self, name: str) -> Value | None:
        """Return the value called `name`, if the reading has one."""
        return next((value for value in self.values if value.name == name), None)
