"""PLX Features (2A60): what an oximeter can do, and which status bits it ever sets.

Source: Pulse Oximeter Service 1.0.1, 3.3.
"""

from dataclasses import dataclass
from typing import Final

from device_profiles.codecs.features import supported
from device_profiles.codecs.octets import Octets
from device_profiles.gatt import PLX_FEATURES

_NAMES: Final = (
    "measurement_status",
    "device_status",
    "storage",
    "time_stamp",
    "fast",
    "slow",
    "pulse_amplitude",
    "multiple_bond",
)


@dataclass(frozen=True, slots=True)
class PlxFeatures:
    """What an oximeter supports; the two masks are there where it sends that status."""

    bits: int
    supports: tuple[str, ...]
    meas_status_support: int | None
    dev_status_support: int | None


def decode(octets: bytes) -> PlxFeatures:
    """Read PLX Features."""
    rest = Octets(octets)
    bits = rest.unsigned(2, "the features")
    features = PlxFeatures(
        bits=bits,
        supports=supported(bits, _NAMES),
        meas_status_support=rest.unsigned(2, "the measurement status") if bits & 1 else None,
        dev_status_support=rest.unsigned(3, "the device status") if bits & 1 << 1 else None,
    )
    rest.end()
    return features


DECODES: Final = {PLX_FEATURES: decode}
