"""Records of continuous glucose. Octets are written by hand from the CGM Service 1.0.2, 3.1.

A record: size u8 (itself and the checksum included), flags u8 (0 trend, 1 quality, 5 warning,
6 calibration and temperature, 7 status), glucose SFLOAT in mg/dL, minutes u16, [status], [caltemp],
[warning], [trend SFLOAT], [quality SFLOAT], [checksum u16]. SFLOAT 0x0078 is 120.
"""

from typing import Any

import pytest

from device_profiles.codecs import cgm, cgm_reading, crc, fields
from device_profiles.errors import DecodeError
from device_profiles.gatt import CGM_MEASUREMENT
from device_profiles.reading import Kind, Validity
from tests.unit.device_profiles.cgm_octets import checksum, read
from tests.unit.device_profiles.octets import group, octets


def test_the_checksum_of_the_public_catalogue() -> None:
    assert crc.mcrf4xx(b"123456789") == 0x6F91
    assert checksum(b"123456789") == b"\x91\x6f"
    assert crc.mcrf4xx(b"") == 0xFFFF


def test_a_whole_record() -> None:
    body = octets("0f e3 7800 0a00 02 04 10 14f0 5a00")
    sent = body + checksum(body)
    assert fields(CGM_MEASUREMENT, sent)["records"] == [
        {
            "mg_dl": 120.0,
            "offset_min": 10,
            "status": 2,
            "caltemp": 4,
            "warning": 16,
            "trend": 2.0,
            "quality": 90.0,
            "crc": int.from_bytes(sent[-2:], "little"),
        }
    ]
    reading = read(sent.hex())
    assert reading.kind is Kind.CONTINUOUS_GLUCOSE
    assert [(v.name, v.mdc, v.unit, str(v.number)) for v in reading.values] == [
        ("glucose", 160212, "mg/dL", "120"),
        ("glucose_trend", 160472, "mg/dL/min", "2.0"),
    ]
    assert reading.flags == ("battery_low", "calibration_recommended", "falling_fast")
    assert (reading.validity, reading.sequence) == (Validity.VALID, 10)
    assert reading.device_time is None


@pytest.mark.parametrize(
    ("flags", "text", "expected"),
    [
        ("80", "07 ", {"status": 7}),
        ("40", "07", {"caltemp": 7}),
        ("20", "07", {"warning": 7}),
        ("01", "ecff", {"trend": -2.0}),
        ("02", "5a00", {"quality": 90.0}),
        ("1c", "", {}),  # reserved
    ],
)
def test_each_field_alone(flags: str, text: str, expected: dict[str, Any]) -> None:
    size = 6 + len(octets(text))
    (record,) = cgm.decode(octets(f"{size:02x} {flags} 7800 0a00 {text}")).records
    said = fields(CGM_MEASUREMENT, octets(f"{size:02x} {flags} 7800 0a00 {text}"))["records"]
    assert isinstance(said, list)
    told = {name: value for name, value in said[0].items() if value is not None}
    assert told == {"mg_dl": 120.0, "offset_min": 10, **expected}
    assert record.crc is None


def test_every_flipped_bit_is_refused() -> None:
    body = octets("08 00 7800 0a00")
    sent = body + checksum(body)
    assert len(cgm.decode(sent).records) == 1
    read_as_good = []
    for bit in range(8, 8 * len(sent)):  # the first octet is the size
        flipped = bytearray(sent)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            said = cgm.decode(bytes(flipped))
        except DecodeError:
            continue
        # Flags that claim two octets more take the checksum for a field.
        read_as_good.append((bit, said.records[0].crc))
    assert read_as_good == [(8, None), (9, None)]


def test_a_wrong_checksum_says_so() -> None:
    with pytest.raises(DecodeError, match="checksum"):
        cgm.decode(octets("08 00 7800 0a00 0000"))


def test_several_records_are_readings_with_octets_of_their_own() -> None:
    first, second = octets("06 00 7800 0500"), octets("08 01 7900 0a00 ecff")
    made = cgm_reading.readings(group(0x2AA7, (first + second).hex()))
    assert [reading.octets[0].octets for reading in made] == [first, second]
    assert {reading.octets[0].uuid for reading in made} == {CGM_MEASUREMENT}
    assert [reading.sequence for reading in made] == [5, 10]
    assert [str(reading.values[0].number) for reading in made] == ["120", "121"]
    assert str(made[1].values[1].number) == "-2.0"  # a fall is no missing value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "record size"),
        ("06", "the record needs 5 octets"),
        ("05 00 7800 0a", "at least 6"),
        ("00", "at least 6"),
        ("06 00 7800 0a", "too short"),
        ("07 00 7800 0a00 00", "too long"),
        ("09 00 7800 0a00 000000", "too long"),
        ("06 80 7800 0a00", "the status needs"),
        ("06 00 7800 0a00 06", "too short"),  # a second record that is cut off
    ],
)
def test_wrong_sizes_are_refused(text: str, says: str) -> None:
    with pytest.raises(DecodeError, match=says):
        cgm.decode(octets(text))
