"""What a pulse oximeter's status bits mean.

Source: Pulse Oximeter Service 1.0.1, 3.1 (the fields of both measurements).

The device status has no published rule: signs of a bad signal or sensor ask for a repeat (J); a low
perfusion is common in the old and the cold and only noted.
"""

from typing import Final

from device_profiles.codecs.findings import Finding, from_bits
from device_profiles.reading import Validity

_MEASUREMENT: Final = {
    5: Finding("measurement_ongoing"),
    6: Finding("early_estimate", Validity.QUESTIONABLE),
    9: Finding("from_storage"),
    10: Finding("demonstration", Validity.TEST),
    11: Finding("testing", Validity.TEST),
    12: Finding("calibrating", Validity.QUESTIONABLE),
    13: Finding("measurement_unavailable", Validity.INVALID),
    14: Finding("measurement_questionable", Validity.QUESTIONABLE),
    15: Finding("measurement_invalid", Validity.INVALID),
}
_DEVICE: Final = {
    1: Finding("equipment_malfunction", Validity.QUESTIONABLE),
    2: Finding("signal_irregular", Validity.QUESTIONABLE),
    3: Finding("signal_inadequate", Validity.QUESTIONABLE),
    4: Finding("signal_poor", Validity.QUESTIONABLE),
    5: Finding("low_perfusion"),
    6: Finding("signal_erratic", Validity.QUESTIONABLE),
    7: Finding("signal_without_pulse", Validity.QUESTIONABLE),
    8: Finding("pulse_questionable", Validity.QUESTIONABLE),
    10: Finding("interference", Validity.QUESTIONABLE),
    11: Finding("sensor_off_patient", Validity.QUESTIONABLE),
    12: Finding("sensor_unknown", Validity.QUESTIONABLE),
    13: Finding("sensor_displaced", Validity.QUESTIONABLE),
    14: Finding("sensor_malfunction", Validity.QUESTIONABLE),
    15: Finding("sensor_disconnected", Validity.QUESTIONABLE),
}


def findings(measurement: int | None, device: int | None) -> list[Finding]:
    """Return what both statuses say."""
    return from_bits(measurement, _MEASUREMENT) + from_bits(device, _DEVICE)
