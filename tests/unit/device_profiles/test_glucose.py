"""Glucose readings: units, times and what sets which validity.

Octets are written by hand from Glucose Service 1.0.1: flags u8 (0 offset, 1 concentration,
2 mol/L, 3 status, 4 context), sequence u16, base time, [offset s16 min], [concentration SFLOAT,
type in the low and location in the high nibble], [status u16].
SFLOAT 0xB078 is 120e-5 kg/L, so 120 mg/dL; 0xC037 is 55e-4 mol/L, so 5.5 mmol/L.
"""

from decimal import Decimal

import pytest

from device_profiles.codecs import fields
from device_profiles.codecs.glucose_reading import readings
from device_profiles.codes import MG_DL, MMOL_L, TERMS
from device_profiles.errors import DecodeError
from device_profiles.gatt import GLUCOSE_MEASUREMENT
from device_profiles.reading import Absent, Kind, Reading, Validity
from device_profiles.registry import PROFILES
from tests.unit.device_profiles.octets import group, indication, octets

HEAD = "2a00 ea07 0b 15 08 1e 00"  # sequence 42, 2026-11-21 08:30:00
READ_120 = "78b0 11"  # 120e-5 kg/L, capillary whole blood, finger


def read(text: str) -> Reading:
    (reading,) = readings(group(0x2A18, text))
    return reading


def read_with_meal(meal: str) -> Reading:
    measurement = indication(0x2A18, f"12 {HEAD} {READ_120}")
    (reading,) = readings((measurement, indication(0x2A34, f"02 2a00 {meal}")))
    return reading


def test_a_whole_reading() -> None:
    reading = read(f"0b {HEAD} 0000 {READ_120} 0000")
    assert reading.kind is Kind.GLUCOSE
    assert [(value.mdc, value.unit, str(value.number)) for value in reading.values] == [
        (160184, "mg/dL", "120")
    ]
    assert (reading.sequence, reading.user) == (42, None)
    assert (reading.validity, reading.flags) == (Validity.VALID, ())


@pytest.mark.parametrize(
    ("flags", "sfloat", "unit", "number"),
    [
        ("02", "78b0", MG_DL, "120"),
        ("02", "ffb2", MG_DL, "767"),
        ("02", "d2a4", MG_DL, "123.4"),  # 1234e-6 kg/L
        ("02", "0cc0", MG_DL, "120"),  # 12e-4 kg/L
        ("06", "37c0", MMOL_L, "5.5"),  # 55e-4 mol/L
        ("06", "07d0", MMOL_L, "7"),  # 7e-3 mol/L
    ],
)
def test_the_unit_that_the_device_sent_is_kept_and_exact(
    flags: str, sfloat: str, unit: str, number: str
) -> None:
    (value,) = read(f"{flags} {HEAD} {sfloat} 11").values
    assert (value.unit, value.number) == (unit, Decimal(number))


@pytest.mark.parametrize(
    ("type_", "mdc"),
    [
        (1, 160184),
        (2, 160188),
        (3, 160192),
        (4, 160196),
        (5, 160200),
        (6, 160204),
        (7, 160364),
        (8, 160368),
        (9, 160212),
        (0, 160020),  # reserved: a glucose of an unknown sample
        (15, 160020),
    ],
)
def test_the_code_tells_the_sample(type_: int, mdc: int) -> None:
    (value,) = read(f"02 {HEAD} 78b0 1{type_:x}").values
    assert (value.mdc, TERMS[mdc].name) == (mdc, "glucose")


@pytest.mark.parametrize("sample", ["1a", "41", "4a", "fa"])
def test_control_solution_is_never_a_patients_glucose(sample: str) -> None:
    """Either mark is enough, and no other doubt makes it anything else."""
    for reading in (
        read(f"02 {HEAD} 78b0 {sample}"),
        read(f"0a {HEAD} 78b0 {sample} 0200"),
        read(f"0a {HEAD} ff07 {sample} 2000"),
    ):
        assert reading.validity is Validity.CONTROL
        assert "control_solution" in reading.flags
        assert reading.values[0].name == "glucose_control"
        assert reading.values[0].loinc == ()


@pytest.mark.parametrize(
    ("bit", "validity", "flag"),
    [
        (0, Validity.VALID, "battery_low"),
        (1, Validity.INVALID, "sensor_malfunction"),
        (2, Validity.INVALID, "sample_size"),
        (3, Validity.INVALID, "strip_insertion"),
        (4, Validity.INVALID, "strip_type"),
        (7, Validity.INVALID, "temperature_high"),
        (8, Validity.INVALID, "temperature_low"),
        (9, Validity.INVALID, "interrupted"),
        (10, Validity.INVALID, "device_fault"),
        (11, Validity.VALID, "time_fault"),
    ],
)
def test_status(bit: int, validity: Validity, flag: str) -> None:
    reading = read(f"0a {HEAD} {READ_120} {(1 << bit).to_bytes(2, 'little').hex()}")
    assert (reading.validity, reading.flags) == (validity, (flag,))
    assert reading.values[0].number == 120


def test_reserved_status_bits_mean_nothing() -> None:
    assert read(f"0a {HEAD} {READ_120} 00f0").flags == ()


@pytest.mark.parametrize("sfloat", ["fe07 11", "ff07 11", "78b0 11", "0000 11"])
@pytest.mark.parametrize(
    ("status", "absent", "flag"),
    [
        ("2000", Absent.ABOVE_RANGE, "above_range"),
        ("4000", Absent.BELOW_RANGE, "below_range"),
    ],
)
def test_hi_and_lo_are_findings_without_a_number(
    sfloat: str, status: str, absent: Absent, flag: str
) -> None:
    reading = read(f"0a {HEAD} {sfloat} {status}")
    assert (reading.values[0].number, reading.values[0].absent) == (None, absent)
    assert (reading.validity, reading.flags) == (Validity.VALID, (flag,))


def test_the_unit_is_named_as_the_field_has_it() -> None:
    """SFLOAT 0xD037 is 55e-3: 55 mmol/L as mol/L, whatever a patient with it would say."""
    for flags, unit in (("02", "kg/L"), ("06", "mol/L")):
        sent = octets(f"{flags} 0100 ea07 0b 15 08 1e 00 37d0 11")
        assert fields(GLUCOSE_MEASUREMENT, sent)["unit"] == unit


def test_hi_without_a_concentration_field() -> None:
    reading = read(f"08 {HEAD} 2000")
    assert reading.values[0].absent is Absent.ABOVE_RANGE
    assert reading.values[0].unit == MG_DL
    assert reading.validity is Validity.VALID


def test_hi_from_a_strip_error_is_no_finding() -> None:
    assert read(f"0a {HEAD} {READ_120} 2800").validity is Validity.INVALID


def test_hi_and_lo_at_once_is_invalid() -> None:
    reading = read(f"0a {HEAD} {READ_120} 6000")
    assert reading.validity is Validity.INVALID
    assert "contradictory_status" in reading.flags


@pytest.mark.parametrize(
    ("sfloat", "absent"),
    [
        ("ff07", Absent.NAN),
        ("0008", Absent.NRES),
        ("fe07", Absent.POSITIVE_INFINITY),
        ("0208", Absent.NEGATIVE_INFINITY),
        ("0108", Absent.RESERVED),
        ("ffff", Absent.SENTINEL),
    ],
)
def test_without_a_number_a_reading_is_invalid(sfloat: str, absent: Absent) -> None:
    reading = read(f"02 {HEAD} {sfloat} 11")
    assert (reading.validity, reading.flags) == (Validity.INVALID, ("glucose_absent",))
    assert (reading.values[0].number, reading.values[0].absent) == (None, absent)


def test_a_record_without_concentration_is_invalid() -> None:
    reading = read(f"00 {HEAD}")
    assert (reading.validity, reading.flags) == (Validity.INVALID, ("glucose_absent",))
    assert reading.values[0].absent is Absent.SENTINEL


@pytest.mark.parametrize(("flags", "sfloat"), [("02", "0000"), ("02", "00b0"), ("06", "00d0")])
def test_zero_is_invalid(flags: str, sfloat: str) -> None:
    reading = read(f"{flags} {HEAD} {sfloat} 11")
    assert (reading.validity, reading.flags) == (Validity.INVALID, ("glucose_zero",))
    assert reading.values[0].number == 0


@pytest.mark.parametrize(
    ("flags", "sfloat", "validity"),
    [
        ("02", "09b0", Validity.QUESTIONABLE),  # 9 mg/dL
        ("02", "0ab0", Validity.VALID),  # 10 mg/dL
        ("02", "bcb2", Validity.VALID),  # 700 mg/dL
        ("02", "bdb2", Validity.QUESTIONABLE),  # 701 mg/dL
        ("06", "05c0", Validity.QUESTIONABLE),  # 0.5 mmol/L is 9.0 mg/dL
        ("06", "06c0", Validity.VALID),  # 0.6 mmol/L is 10.8 mg/dL
        ("06", "84c1", Validity.VALID),  # 38.8 mmol/L is 699.1 mg/dL
        ("06", "85c1", Validity.QUESTIONABLE),  # 38.9 mmol/L is 700.9 mg/dL
        ("02", "1e00", Validity.QUESTIONABLE),  # 30 kg/L: a published test value
    ],
)
def test_window(flags: str, sfloat: str, validity: Validity) -> None:
    reading = read(f"{flags} {HEAD} {sfloat} 11")
    assert reading.validity is validity
    assert reading.flags == (() if validity is Validity.VALID else ("glucose_implausible",))


@pytest.mark.parametrize(
    ("base", "offset", "expected"),
    [
        ("ea07 0b 15 08 1e 00", "0000", "2026-11-21T08:30:00"),
        ("ea07 0b 15 08 1e 00", "fbff", "2026-11-21T08:25:00"),  # -5 minutes
        ("ea07 0b 15 08 1e 00", "3c00", "2026-11-21T09:30:00"),
        ("ea07 0c 1f 17 3b 3b", "0100", "2027-01-01T00:00:59"),
        ("ea07 01 01 00 00 00", "ffff", "2025-12-31T23:59:00"),
        ("e807 02 1c 17 3b 00", "0100", "2024-02-29T00:00:00"),  # a leap year
        ("ea07 0b 15 08 1e 00", "0080", "2026-10-29T14:22:00"),  # -32768, the far end
        ("0000 0b 15 08 1e 00", "3c00", "0000-11-21T08:30:00"),  # unknown: as is
        ("ea07 00 15 08 1e 00", "3c00", "2026-00-21T08:30:00"),
        ("2e06 01 01 00 00 00", "ffff", "1581-12-31T23:59:00"),
    ],
)
def test_time_is_base_plus_offset(base: str, offset: str, expected: str) -> None:
    reading = read(f"03 2a00 {base} {offset} {READ_120}")
    assert str(reading.device_time) == expected
    assert (reading.validity, reading.flags) == (Validity.VALID, ())


def test_an_offset_beyond_the_year_9999_loses_the_time_not_the_reading() -> None:
    reading = read(f"03 2a00 0f27 0c 1f 17 3b 3b ff7f {READ_120}")
    assert str(reading.device_time) == "9999-12-31T23:59:59"
    assert reading.flags == ("time_offset_impossible",)
    assert reading.values[0].number == 120


@pytest.mark.parametrize(
    ("meal", "flag"),
    [
        ("01", "before_meal"),
        ("02", "after_meal"),
        ("03", "fasting"),
        ("04", "casual"),
        ("05", "bedtime"),
    ],
)
def test_the_meal_of_the_context_is_told(meal: str, flag: str) -> None:
    reading = read_with_meal(meal)
    assert (reading.validity, reading.flags) == (Validity.VALID, (flag,))
    assert [one.uuid[4:8] for one in reading.octets] == ["2a18", "2a34"]


def test_a_ketone_is_never_charted_as_glucose() -> None:
    """CareSens meters send a ketone as glucose, with the reserved meal 6."""
    reading = read_with_meal("06")
    assert (reading.validity, reading.flags) == (Validity.INVALID, ("possible_ketone",))


def test_reserved_meals_say_nothing() -> None:
    assert read_with_meal("07").flags == ()


def test_a_context_alone_makes_no_reading() -> None:
    with pytest.raises(DecodeError, match="without its measurement, sequence number 42"):
        PROFILES["generic_glucometer"].readings(group(0x2A34, "02 2a00 01"))
