"""Continuous glucose. Octets are written by hand from the CGM Service 1.0.2, 3.1 to 3.5.

A record: size u8 (itself and the checksum included), flags u8 (0 trend, 1 quality, 5 warning,
6 calibration and temperature, 7 status), glucose SFLOAT in mg/dL, minutes u16, [status], [caltemp],
[warning], [trend SFLOAT], [quality SFLOAT], [checksum u16]. SFLOAT 0x0078 is 120.
Checksums were computed with the public definition of CRC-16/MCRF4XX (check value 0x6F91), by long
division and not by the code under test.
"""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from device_profiles.codecs import cgm, cgm_reading, cgm_session, crc, fields
from device_profiles.errors import DecodeError
from device_profiles.gatt import CGM_MEASUREMENT, sig
from device_profiles.identity import reading_id
from device_profiles.reading import Absent, Kind, Reading, Validity
from device_profiles.registry import PROFILES
from device_profiles.timeline import Basis, taken
from tests.fixtures.hub import arrival
from tests.unit.device_profiles.octets import group, indication, octets


def checksum(covered: bytes) -> bytes:
    """Divide by x16 + x12 + x5 + 1, bit by bit, with each octet's lowest bit first."""
    message = [octet >> bit & 1 for octet in covered for bit in range(8)] + [0] * 16
    for place in range(16):  # the start value 0xFFFF
        message[place] ^= 1
    for place in range(len(message) - 16):
        if message[place]:
            for power in (0, 4, 11, 16):  # from the highest power: 16, 12, 5, 0
                message[place + power] ^= 1
    rest = message[-16:]
    return bytes(sum(rest[8 * octet + bit] << bit for bit in range(8)) for octet in (0, 1))


def read(text: str) -> Reading:
    (reading,) = cgm_reading.readings(group(0x2AA7, text))
    return reading


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


START = indication(0x2AAA, "ea07 0b 15 17 3a 05 04 00")  # 23:58:05
BATTERY = indication(0x2A19, "64")


def test_the_session_start_gives_a_time() -> None:
    sent = (*group(0x2AA7, "06 00 7800 0500"), BATTERY, START)
    (reading,) = cgm_reading.readings(sent)
    assert str(reading.device_time) == "2026-11-22T00:03:05"
    assert (reading.octets, reading.flags) == (sent, ())


def test_a_session_start_without_a_year_gives_none() -> None:
    unknown = indication(0x2AAA, "0000 0b 15 17 3a 05 80 ff")
    (reading,) = cgm_reading.readings((*group(0x2AA7, "06 00 7800 0500"), unknown))
    assert reading.device_time is not None
    assert reading.device_time.wall() is None


def test_an_offset_beyond_the_calendar_is_flagged() -> None:
    last = indication(0x2AAA, "0f27 0c 1f 17 3b 3b 80 ff")
    (reading,) = cgm_reading.readings((*group(0x2AA7, "06 00 7800 0500"), last))
    assert reading.flags == ("time_offset_impossible",)
    assert str(reading.device_time) == "9999-12-31T23:59:59"


def sealed(text: str) -> bytes:
    return octets(text) + checksum(octets(text))


@pytest.mark.parametrize(
    ("uuid", "sent", "expected"),
    [
        (
            0x2AA8,
            octets("0280 01 59 ffff"),
            {
                "bits": 0x18002,
                "supports": ["patient_alerts", "trend", "quality"],
                "type": 9,
                "location": 5,
                "crc": 0xFFFF,
            },
        ),
        (
            0x2AA9,
            octets("0a00 01 02 04"),
            {"offset_min": 10, "status": 1, "caltemp": 2, "warning": 4},
        ),
        (0x2AA9, sealed("0a00 01 02 04"), {"offset_min": 10, "warning": 4}),
        (
            0x2AAA,
            octets("ea07 0b 15 08 1e 05 f4 04"),
            {"timestamp": "2026-11-21T08:30:05", "zone": -12, "dst": 4, "crc": None},
        ),
        (0x2AAA, sealed("ea07 0b 15 08 1e 05 80 ff"), {"zone": -128, "dst": 255}),
        (0x2AAB, octets("5001"), {"hours": 336, "crc": None}),
        (0x2AAB, sealed("5001"), {"hours": 336}),
    ],
)
def test_facts(uuid: int, sent: bytes, expected: dict[str, Any]) -> None:
    said = fields(sig(uuid), sent)
    assert {name: said[name] for name in expected} == expected


def test_a_feature_s_checksum_counts_where_it_is_supported() -> None:
    said = fields(sig(0x2AA8), sealed("001000 59"))
    assert said["supports"] == ["crc"]
    with pytest.raises(DecodeError, match="checksum"):
        fields(sig(0x2AA8), octets("001000 59 ffff"))


@pytest.mark.parametrize("uuid", [0x2AA8, 0x2AA9, 0x2AAA, 0x2AAB])
def test_facts_of_a_wrong_length(uuid: int) -> None:
    whole = {
        0x2AA8: octets("028001 59 ffff"),
        0x2AA9: sealed("0a00 01 02 04"),
        0x2AAA: sealed("ea07 0b 15 08 1e 05 80 ff"),
        0x2AAB: sealed("5001"),
    }[uuid]
    optional = {0x2AA8: 0}.get(uuid, 2)
    for length in range(len(whole)):
        if length != len(whole) - optional:
            with pytest.raises(DecodeError):
                fields(sig(uuid), whole[:length])
    with pytest.raises(DecodeError, match="too long"):
        fields(sig(uuid), whole + b"\0")
    if optional:
        with pytest.raises(DecodeError, match="checksum"):
            fields(sig(uuid), whole[:-2] + bytes((whole[-2] ^ 1, whole[-1])))


def test_equal_records_of_two_sessions_are_two() -> None:
    """A new sensor says in its fifth minute what the old one said in its fifth."""
    told, later = START, indication(0x2AAA, "ea07 0c 05 17 3a 05 04 00")
    record = group(0x2AA7, "06 00 7800 0500")
    (first,), (again,), (other,) = (
        cgm_reading.readings((*record, start)) for start in (told, told, later)
    )
    arrivals = [arrival(order) for order in (0, 1, 2)]
    ids = [reading_id(one, came) for one, came in zip((first, again, other), arrivals, strict=True)]
    assert ids[0] == ids[1] != ids[2]


def test_a_record_without_its_session_has_no_time() -> None:
    (reading,) = PROFILES["generic_cgm"].readings(group(0x2AA7, "06 00 7800 0500"))
    assert reading.flags == ("session_start_unknown",)
    (known,) = PROFILES["generic_cgm"].readings((*group(0x2AA7, "06 00 7800 0500"), START))
    assert known.flags == ()
    came = datetime(2026, 11, 22, 1, tzinfo=UTC)
    assert taken(reading, None, came, ZoneInfo("UTC")).basis is Basis.NO_TRUE_TIME


# Time Zone counts quarters of an hour, DST Offset quarters too (4 is an hour); GSS.
@pytest.mark.parametrize(
    ("zone", "month", "said"),
    [
        ("Europe/Vienna", 1, "ea07 01 05 08 1e 00 04 00"),
        ("Europe/Vienna", 7, "ea07 07 05 08 1e 00 04 04"),
        ("America/New_York", 1, "ea07 01 05 08 1e 00 ec 00"),  # -20 quarters
        ("Asia/Kathmandu", 1, "ea07 01 05 08 1e 00 17 00"),
        ("Australia/Lord_Howe", 1, "ea07 01 05 08 1e 00 2a 02"),  # half an hour of summer time
    ],
)
def test_the_time_that_a_sensor_is_told(zone: str, month: int, said: str) -> None:
    local = datetime(2026, month, 5, 8, 30, tzinfo=ZoneInfo(zone))
    assert cgm_session.setting(bytes(9), local) == octets(said)
    assert cgm_session.setting(bytes(11), local) == sealed(said)


def test_a_sensor_counts_whole_minutes_and_is_right_within_one() -> None:
    start = START.octets  # 2026-11-21 23:58:05
    local = datetime(2026, 11, 22, 0, 4, 4, 500, tzinfo=ZoneInfo("Europe/Vienna"))
    assert str(cgm_session.shown(start, 5, local)) == "2026-11-22T00:04:04"
    assert str(cgm_session.shown(start, 4, local)) == "2026-11-22T00:02:05"  # two minutes behind
    assert str(cgm_session.shown(start, 6, local)) == "2026-11-22T00:04:05"  # ahead
    assert str(cgm_session.shown(start, 65, local)) == "2026-11-22T01:03:05"
    assert cgm_session.shown(octets("0f27 0c 1f 17 3b 3b 80 ff"), 5, local) is None


def test_a_start_without_a_date_is_not_set() -> None:
    assert cgm_session.is_set(START.octets)
    assert not cgm_session.is_set(bytes(9))
    assert cgm_session.count(octets("0a01 00 00 00")) == 266
