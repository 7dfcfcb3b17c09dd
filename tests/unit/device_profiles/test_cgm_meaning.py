"""What a record of continuous glucose means: what the sensor says of it, and what can be."""

import pytest

from device_profiles.reading import Absent, Validity
from tests.unit.device_profiles.cgm_octets import read


# Octet and bit of the annunciation: Sensor Status Annunciation, 3.1.1.5.
@pytest.mark.parametrize(
    ("flags", "bit", "validity", "flag"),
    [
        ("80", 0, Validity.QUESTIONABLE, "session_stopped"),
        ("80", 1, Validity.VALID, "battery_low"),
        ("80", 2, Validity.INVALID, "sensor_type"),
        ("80", 3, Validity.INVALID, "sensor_malfunction"),
        ("80", 4, Validity.VALID, "device_specific_alert"),
        ("80", 5, Validity.INVALID, "device_fault"),
        ("40", 0, Validity.VALID, "time_synchronisation_required"),
        ("40", 1, Validity.VALID, "calibration_not_allowed"),
        ("40", 2, Validity.VALID, "calibration_recommended"),
        ("40", 3, Validity.QUESTIONABLE, "calibration_required"),
        ("40", 4, Validity.INVALID, "temperature_high"),
        ("40", 5, Validity.INVALID, "temperature_low"),
        ("20", 0, Validity.VALID, "below_patient_low"),
        ("20", 1, Validity.VALID, "above_patient_high"),
        ("20", 2, Validity.VALID, "below_hypo"),
        ("20", 3, Validity.VALID, "above_hyper"),
        ("20", 4, Validity.VALID, "falling_fast"),
        ("20", 5, Validity.VALID, "rising_fast"),
    ],
)
def test_annunciation(flags: str, bit: int, validity: Validity, flag: str) -> None:
    reading = read(f"07 {flags} 7800 0a00 {1 << bit:02x}")
    assert (reading.validity, reading.flags) == (validity, (flag,))
    assert reading.values[0].number == 120


@pytest.mark.parametrize("flags", ["80", "40"])
def test_reserved_annunciations_mean_nothing(flags: str) -> None:
    reading = read(f"07 {flags} 7800 0a00 c0")
    assert (reading.validity, reading.flags) == (Validity.VALID, ())


@pytest.mark.parametrize(
    ("warning", "absent", "flag"),
    [("40", Absent.BELOW_RANGE, "below_range"), ("80", Absent.ABOVE_RANGE, "above_range")],
)
def test_beyond_what_the_sensor_can_process_is_a_finding_without_a_number(
    warning: str, absent: Absent, flag: str
) -> None:
    reading = read(f"07 20 2800 0a00 {warning}")
    assert (reading.values[0].number, reading.values[0].absent) == (None, absent)
    assert (reading.validity, reading.flags) == (Validity.VALID, (flag,))


def test_too_low_and_too_high_at_once_is_neither() -> None:
    reading = read("07 20 7800 0a00 c0")
    assert reading.validity is Validity.INVALID
    assert reading.flags == ("below_range", "above_range", "contradictory_status")


@pytest.mark.parametrize(
    ("glucose", "validity", "flags"),
    [
        ("0900", Validity.QUESTIONABLE, ("glucose_implausible",)),
        ("0a00", Validity.VALID, ()),
        ("bc02", Validity.VALID, ()),  # 700
        ("bd02", Validity.QUESTIONABLE, ("glucose_implausible",)),
        ("0000", Validity.INVALID, ("glucose_zero",)),
        ("ff07", Validity.INVALID, ("glucose_absent",)),
        ("0008", Validity.INVALID, ("glucose_absent",)),
        ("ffff", Validity.INVALID, ("glucose_absent",)),
    ],
)
def test_glucose_window(glucose: str, validity: Validity, flags: tuple[str, ...]) -> None:
    reading = read(f"06 00 {glucose} 0a00")
    assert (reading.validity, reading.flags) == (validity, flags)


def test_a_trend_that_is_not_known_takes_nothing_from_the_glucose() -> None:
    reading = read("08 01 7800 0a00 ff07")
    assert reading.values[1].absent is Absent.NAN
    assert (reading.validity, reading.flags) == (Validity.VALID, ())
