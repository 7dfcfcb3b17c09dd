"""What a continuous glucose sensor says of itself: CGM Feature, Status, Session Start, Run Time.

Source: Continuous Glucose Monitoring Service 1.0.2, 3.2 to 3.5; GATT Specification Supplement. All
but the feature end with a checksum where the sensor supports one; the feature always does, 0xFFFF
standing for none.
"""

from dataclasses import dataclass
from typing import Final

from device_profiles.codecs import crc, date_time
from device_profiles.codecs.features import supported
from device_profiles.codecs.octets import Octets
from device_profiles.gatt import (
    CGM_FEATURE,
    CGM_SESSION_RUN_TIME,
    CGM_SESSION_START_TIME,
    CGM_STATUS,
)
from device_profiles.reading import DeviceTime

CRC_SUPPORTED: Final = 1 << 12
_NAMES: Final = (
    "calibration",
    "patient_alerts",
    "hypo_alerts",
    "hyper_alerts",
    "rate_alerts",
    "device_specific_alert",
    "sensor_malfunction",
    "temperature_range",
    "result_range",
    "battery_low",
    "sensor_type",
    "device_fault",
    "crc",
    "multiple_bond",
    "multiple_sessions",
    "trend",
    "quality",
)


@dataclass(frozen=True, slots=True)
class CgmFeature:
    """What a sensor supports; type and location as in the Glucose Service, 5 is under the skin."""

    bits: int
    supports: tuple[str, ...]
    type: int
    location: int
    crc: int


@dataclass(frozen=True, slots=True)
class CgmStatus:
    """The annunciation of now; the three octets of a measurement's."""

    offset_min: int
    status: int
    caltemp: int
    warning: int
    crc: int | None


@dataclass(frozen=True, slots=True)
class SessionStart:
    """When a session began, by the sensor's clock. Zone in quarters of an hour, -128 unknown."""

    timestamp: DeviceTime
    zone: int
    dst: int
    crc: int | None


@dataclass(frozen=True, slots=True)
class SessionRunTime:
    """How long a session is expected to run."""

    hours: int
    crc: int | None


def decode_feature(octets: bytes) -> CgmFeature:
    """Read a CGM Feature."""
    rest = Octets(octets)
    bits = rest.unsigned(3, "the features")
    sample = rest.unsigned(1, "type and location")
    checked = bits & CRC_SUPPORTED
    told = crc.take(rest, octets[:4]) if checked else rest.unsigned(crc.LENGTH, "the checksum")
    rest.end()
    return CgmFeature(bits, supported(bits, _NAMES), sample & 0xF, sample >> 4, told)


def decode_status(octets: bytes) -> CgmStatus:
    """Read a CGM Status."""
    rest = Octets(octets)
    told = CgmStatus(
        offset_min=rest.unsigned(2, "the time offset"),
        status=rest.unsigned(1, "the status"),
        caltemp=rest.unsigned(1, "calibration and temperature"),
        warning=rest.unsigned(1, "the warning"),
        crc=crc.take_optional(rest, octets),
    )
    rest.end()
    return told


def decode_start(octets: bytes) -> SessionStart:
    """Read a CGM Session Start Time."""
    rest = Octets(octets)
    told = SessionStart(
        timestamp=date_time.take(rest, "the session start"),
        zone=rest.signed(1, "the time zone"),
        dst=rest.unsigned(1, "the daylight saving offset"),
        crc=crc.take_optional(rest, octets),
    )
    rest.end()
    return told


def decode_run_time(octets: bytes) -> SessionRunTime:
    """Read a CGM Session Run Time."""
    rest = Octets(octets)
    told = SessionRunTime(rest.unsigned(2, "the run time"), crc.take_optional(rest, octets))
    rest.end()
    return told


DECODES: Final = {
    CGM_FEATURE: decode_feature,
    CGM_STATUS: decode_status,
    CGM_SESSION_START_TIME: decode_start,
    CGM_SESSION_RUN_TIME: decode_run_time,
}
