"""Blood pressure readings: what sets which validity.

Octets are written by hand from Blood Pressure Service 1.1.1: flags u8 (0 kPa, 1 time, 2 pulse,
3 user, 4 status), systolic, diastolic, mean (SFLOAT), [time], [pulse], [user u8], [status u16].
SFLOAT 0x0078 is 120, 0x0050 is 80, 0x005d is 93, 0x07ff NaN, 0x0800 NRes.
"""

from decimal import Decimal

import pytest

from device_profiles.codecs import blood_pressure
from device_profiles.codes import KPA, MMHG
from device_profiles.reading import Absent, Kind, Reading, Validity
from tests.unit.device_profiles.octets import group

NORMAL = "7800 5000 5d00"


def read(text: str) -> Reading:
    (reading,) = blood_pressure.readings(group(0x2A35, text))
    return reading


def test_a_whole_reading() -> None:
    sent = group(0x2A35, f"1e {NORMAL} ea07 0b 15 08 1e 00 4800 02 0000")
    (reading,) = blood_pressure.readings(sent)
    assert reading.kind is Kind.BLOOD_PRESSURE
    assert [(value.mdc, value.unit, str(value.number)) for value in reading.values] == [
        (150021, "mm[Hg]", "120"),
        (150022, "mm[Hg]", "80"),
        (150023, "mm[Hg]", "93"),
        (149546, "/min", "72"),
    ]
    assert str(reading.device_time) == "2026-11-21T08:30:00"
    assert (reading.validity, reading.flags, reading.user) == (Validity.VALID, (), 2)
    assert reading.octets == sent


@pytest.mark.parametrize(
    ("status", "validity", "flags"),
    [
        ("0000", Validity.VALID, ()),
        ("0100", Validity.QUESTIONABLE, ("body_movement",)),
        ("0200", Validity.QUESTIONABLE, ("cuff_loose",)),
        ("0400", Validity.VALID, ("irregular_pulse",)),
        ("0800", Validity.VALID, ("pulse_above_range",)),
        ("1000", Validity.VALID, ("pulse_below_range",)),
        ("1800", Validity.VALID, ()),  # 3 is reserved
        ("2000", Validity.QUESTIONABLE, ("improper_position",)),
        ("c0ff", Validity.VALID, ()),  # reserved bits; real cuffs set them
        (
            "2700",
            Validity.QUESTIONABLE,
            ("body_movement", "cuff_loose", "irregular_pulse", "improper_position"),
        ),
    ],
)
def test_status(status: str, validity: Validity, flags: tuple[str, ...]) -> None:
    reading = read(f"10 {NORMAL} {status}")
    assert (reading.validity, reading.flags) == (validity, flags)


def test_reserved_flag_bits_change_nothing() -> None:
    """A real cuff sends flags 0xDE, where 0x1E is meant."""
    rest = f"{NORMAL} ea07 0b 15 08 1e 00 4800 01 0000"
    assert read(f"de {rest}").values == read(f"1e {rest}").values


@pytest.mark.parametrize(
    ("pressures", "absent", "flag"),
    [
        ("ff07 5000 5d00", Absent.NAN, "systolic_absent"),
        ("0008 5000 5d00", Absent.NRES, "systolic_absent"),
        ("7800 fe07 5d00", Absent.POSITIVE_INFINITY, "diastolic_absent"),
        ("7800 0208 5d00", Absent.NEGATIVE_INFINITY, "diastolic_absent"),
        ("7800 0108 5d00", Absent.RESERVED, "diastolic_absent"),
        ("ffff 5000 5d00", Absent.SENTINEL, "systolic_absent"),  # -0.1
    ],
)
def test_half_a_pair_is_invalid(pressures: str, absent: Absent, flag: str) -> None:
    reading = read(f"00 {pressures}")
    assert reading.validity is Validity.INVALID
    assert reading.flags == (flag,)
    assert absent in {value.absent for value in reading.values}


def test_a_failed_measurement_is_no_number() -> None:
    reading = read("00 ff07 ff07 ff07")
    assert reading.validity is Validity.INVALID
    assert {value.number for value in reading.values} == {None}


@pytest.mark.parametrize(
    ("octets", "why"),
    [("ff07", Absent.NAN), ("0000", Absent.SENTINEL)],  # 0 as a Beurer BM85 sends it
)
def test_a_missing_mean_takes_nothing_from_the_pair(octets: str, why: Absent) -> None:
    reading = read(f"00 7800 5000 {octets}")
    assert (reading.validity, reading.flags) == (Validity.VALID, ())
    mean = reading.value("mean_pressure")
    assert mean is not None
    assert mean.absent is why


def test_a_missing_pulse_is_noted_only() -> None:
    reading = read(f"04 {NORMAL} ff07")
    assert (reading.validity, reading.flags) == (Validity.VALID, ("pulse_absent",))


@pytest.mark.parametrize(
    ("pressures", "flag"),
    [
        ("3100 1e00 2800", "systolic_implausible"),  # 49
        ("0501 5000 5d00", "systolic_implausible"),  # 261
        ("fa00 c900 d200", "diastolic_implausible"),  # 201
        ("7800 7800 7800", "diastolic_not_below_systolic"),
        ("5000 7800 5d00", "diastolic_not_below_systolic"),
    ],
)
def test_an_implausible_pair_is_questionable_and_kept(pressures: str, flag: str) -> None:
    reading = read(f"00 {pressures}")
    assert (reading.validity, reading.flags) == (Validity.QUESTIONABLE, (flag,))
    assert None not in {value.number for value in reading.values}


@pytest.mark.parametrize("pressures", ["3200 0000 2800", "0401 c800 d200"])
def test_the_windows_include_their_limits(pressures: str) -> None:
    assert read(f"00 {pressures}").validity is Validity.VALID


@pytest.mark.parametrize(
    ("pulse", "validity"),
    [
        ("1800", Validity.QUESTIONABLE),  # 24
        ("1900", Validity.VALID),
        ("fa00", Validity.VALID),
        ("fb00", Validity.QUESTIONABLE),  # 251
    ],
)
def test_pulse_window(pulse: str, validity: Validity) -> None:
    assert read(f"04 {NORMAL} {pulse}").validity is validity


def test_kilopascal_stays_kilopascal_and_is_judged_as_mmhg() -> None:
    # 16.0 and 10.7 kPa: 0xF0A0 = 160e-1, 0xF06B = 107e-1, NaN
    reading = read("01 a0f0 6bf0 ff07")
    assert [value.number for value in reading.values] == [Decimal("16.0"), Decimal("10.7"), None]
    assert {value.unit for value in reading.values} == {KPA}
    assert reading.validity is Validity.VALID
    # 120 "kPa" is 900 mmHg: the unit bit is wrong, or the number is
    assert read(f"01 {NORMAL}").validity is Validity.QUESTIONABLE
    assert read(f"00 {NORMAL}").values[0].unit == MMHG
    # 33.0 over 30.0 kPa is 248 over 225 mmHg: 0xF14A = 330e-1, 0xF12C = 300e-1
    assert read("01 4af1 2cf1 ff07").flags == ("diastolic_implausible",)


@pytest.mark.parametrize(("octet", "user"), [("00", 0), ("01", 1), ("fe", 254), ("ff", None)])
def test_user(octet: str, user: int | None) -> None:
    assert read(f"08 {NORMAL} {octet}").user == user


def test_an_unknown_year_is_kept_and_is_no_time() -> None:
    time = read(f"02 {NORMAL} 0000 04 11 14 29 3b").device_time
    assert time is not None
    assert (str(time), time.wall()) == ("0000-04-17T20:41:59", None)
