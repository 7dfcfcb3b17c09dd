"""Thermometers. Octets are written by hand from Health Thermometer Service 1.0, 3.1 to 3.3.

Flags: 0 Fahrenheit, 1 time, 2 type; then a FLOAT: 3 octets of mantissa, 1 of exponent. 0xFF is
-1, so 72 01 00 ff is 370e-1 = 37.0.
"""

import pytest

from device_profiles.codecs import decoders, fields, readers, temperature
from device_profiles.errors import DecodeError
from device_profiles.gatt import sig
from device_profiles.reading import Absent, Kind, Reading, Validity
from tests.unit.device_profiles.octets import group, octets

NORMAL = "720100ff"
TIME = "ea07 0b 15 08 1e 05"


def read(text: str) -> Reading:
    (reading,) = temperature.readings(group(0x2A1C, text))
    return reading


def test_a_whole_reading() -> None:
    sent = group(0x2A1C, f"06 {NORMAL} {TIME} 06")
    (reading,) = temperature.readings(sent)
    (value,) = reading.values
    assert (reading.kind, value.name, value.mdc) == (Kind.TEMPERATURE, "temperature", 188424)
    assert (value.unit, str(value.number), value.loinc) == ("Cel", "37.0", ("8310-5",))
    assert str(reading.device_time) == "2026-11-21T08:30:05"
    assert (reading.validity, reading.flags) == (Validity.VALID, ())
    assert reading.octets == sent


def test_fahrenheit_stays_fahrenheit() -> None:
    reading = read("01 da0300ff")  # 986e-1
    assert (reading.values[0].unit, str(reading.values[0].number)) == ("[degF]", "98.6")
    assert reading.values[0].loinc == ("8310-5",)
    assert (reading.validity, reading.device_time) == (Validity.VALID, None)


# Types of 2A1D; terms of ISO/IEEE 11073-10101, partition 2.
@pytest.mark.parametrize(
    ("site", "term"),
    [
        ("00", 19292),  # reserved
        ("01", 57380),
        ("02", 19292),
        ("03", 57356),
        ("04", 57360),
        ("05", 57384),
        ("06", 57352),
        ("07", 57348),
        ("08", 57376),
        ("09", 19320),
        ("0a", 19292),  # reserved
    ],
)
def test_where_it_was_taken(site: str, term: int) -> None:
    assert read(f"04 {NORMAL} {site}").values[0].mdc == 2 * 65536 + term
    assert fields(sig(0x2A1D), octets(site)) == {"type": int(site, 16)}


@pytest.mark.parametrize(
    ("flags", "number", "validity"),
    [
        ("00", "2b0100ff", Validity.QUESTIONABLE),  # 29.9
        ("00", "2c0100ff", Validity.VALID),  # 30.0
        ("00", "c20100ff", Validity.VALID),  # 45.0
        ("00", "c30100ff", Validity.QUESTIONABLE),  # 45.1
        ("01", "5b0300ff", Validity.QUESTIONABLE),  # 85.9 F
        ("01", "5c0300ff", Validity.VALID),  # 86.0 F = 30 Cel
        ("01", "6a0400ff", Validity.VALID),  # 113.0 F = 45 Cel
        ("01", "6b0400ff", Validity.QUESTIONABLE),  # 113.1 F
    ],
)
def test_window(flags: str, number: str, validity: Validity) -> None:
    reading = read(f"{flags} {number}")
    assert reading.validity is validity
    assert reading.values[0].number is not None
    assert reading.flags == (() if validity is Validity.VALID else ("temperature_implausible",))


@pytest.mark.parametrize(
    ("number", "absent"),
    [
        ("ffff7f00", Absent.NAN),
        ("00008000", Absent.NRES),
        ("feff7f00", Absent.POSITIVE_INFINITY),
        ("02008000", Absent.NEGATIVE_INFINITY),
        ("01008000", Absent.RESERVED),
        ("ffffffff", Absent.SENTINEL),  # -0.1
    ],
)
def test_a_failed_measurement_is_no_number(number: str, absent: Absent) -> None:
    reading = read(f"00 {number}")
    assert (reading.values[0].number, reading.values[0].absent) == (None, absent)
    assert (reading.validity, reading.flags) == (Validity.INVALID, ("temperature_absent",))


def test_reserved_flags_change_nothing() -> None:
    assert read(f"f8 {NORMAL}").values == read(f"00 {NORMAL}").values


def test_an_intermediate_temperature_is_shown_and_is_no_reading() -> None:
    assert fields(sig(0x2A1E), octets(f"00 {NORMAL}"))["temperature"] == 37.0
    assert sig(0x2A1E) in decoders()
    assert sig(0x2A1E) not in readers()


@pytest.mark.parametrize("length", range(13))
def test_every_truncation_is_refused(length: int) -> None:
    with pytest.raises(DecodeError, match="too short"):
        temperature.decode(octets(f"06 {NORMAL} {TIME} 06")[:length])


def test_a_rest_is_refused() -> None:
    with pytest.raises(DecodeError, match="too long"):
        read(f"00 {NORMAL} 00")
    for wrong in (b"", b"\1\1"):
        with pytest.raises(DecodeError):
            temperature.decode_type(wrong)
