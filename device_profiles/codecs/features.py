"""Feature characteristics: what a cuff, a meter or a scale says that it can do.

Sources: Blood Pressure Service 1.1.1, 3.3 (2A49); Glucose Service 1.0.1, 3.3 (2A51); Body
Composition Service 1.0, 3.1 (2A9B); Weight Scale Service 1.0, 3.1 (2A9E). Reserved bits mean
nothing; they stay in `bits`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from device_profiles.codecs.octets import Octets
from device_profiles.gatt import (
    BLOOD_PRESSURE_FEATURE,
    BODY_COMPOSITION_FEATURE,
    GLUCOSE_FEATURE,
    WEIGHT_SCALE_FEATURE,
)

_BLOOD_PRESSURE: Final = (
    "body_movement",
    "cuff_fit",
    "irregular_pulse",
    "pulse_range",
    "position",
    "multiple_bond",
    "crc",
    "user_data",
    "user_facing_time",
)
_GLUCOSE: Final = (
    "battery_low",
    "sensor_malfunction",
    "sample_size",
    "strip_insertion",
    "strip_type",
    "result_range",
    "temperature_range",
    "interruption",
    "device_fault",
    "time_fault",
    "multiple_bond",
)
_WEIGHT: Final = ("time_stamp", "multiple_users", "bmi")
_BODY: Final = (
    "time_stamp",
    "multiple_users",
    "basal_metabolism",
    "muscle_percent",
    "muscle_mass",
    "fat_free_mass",
    "soft_lean_mass",
    "body_water",
    "impedance",
    "weight",
    "height",
)
# By code; 0 is "not specified". In pounds and inches the steps differ.
_KG: Final = ("0.5", "0.2", "0.1", "0.05", "0.02", "0.01", "0.005")
_METRE: Final = ("0.01", "0.005", "0.001")


@dataclass(frozen=True, slots=True)
class Feature:
    """What a device supports, by our words, and the bits as they came."""

    bits: int
    supports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScaleFeature:
    """The same of a scale, with the steps in which it counts."""

    bits: int
    supports: tuple[str, ...]
    step_kg: Decimal | None
    step_m: Decimal | None


def supported(bits: int, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the set bits, the lowest first."""
    return tuple(name for bit, name in enumerate(names) if bits >> bit & 1)


def _feature(names: Sequence[str]) -> Callable[[bytes], Feature]:
    def decode(octets: bytes) -> Feature:
        bits = _bits(octets, 2)
        return Feature(bits, supported(bits, names))

    return decode


def _scale_feature(names: Sequence[str]) -> Callable[[bytes], ScaleFeature]:
    """The step of mass is in the 4 bits after the names, the step of height in the next 3."""

    def decode(octets: bytes) -> ScaleFeature:
        bits = _bits(octets, 4)
        mass, height = bits >> len(names) & 0xF, bits >> len(names) + 4 & 0b111
        return ScaleFeature(bits, supported(bits, names), _step(mass, _KG), _step(height, _METRE))

    return decode


def _bits(octets: bytes, length: int) -> int:
    rest = Octets(octets)
    bits = rest.unsigned(length, "the features")
    rest.end()
    return bits


def _step(code: int, steps: Sequence[str]) -> Decimal | None:
    return Decimal(steps[code - 1]) if 0 < code <= len(steps) else None


DECODES: Final = {
    BLOOD_PRESSURE_FEATURE: _feature(_BLOOD_PRESSURE),
    GLUCOSE_FEATURE: _feature(_GLUCOSE),
    BODY_COMPOSITION_FEATURE: _scale_feature(_BODY),
    WEIGHT_SCALE_FEATURE: _scale_feature(_WEIGHT),
}
