"""Oximeter readings: what sets which validity.

Octets are written by hand from Pulse Oximeter Service 1.0.1. Spot-check flags: 0 time,
1 measurement status, 2 device status, 3 amplitude index, 4 clock not set; continuous: 0 fast,
1 slow, 2 measurement status, 3 device status, 4 amplitude index. Then SpO2 and pulse as SFLOAT:
0x0061 is 97, 0x0048 is 72.
"""

import pytest

from device_profiles.codecs import fields, plx
from device_profiles.errors import DecodeError
from device_profiles.gatt import PLX_CONTINUOUS, PLX_SPOT_CHECK
from device_profiles.reading import Absent, Kind, Reading, Validity
from tests.unit.device_profiles.octets import group, octets

NORMAL = "6100 4800"


def read(text: str) -> Reading:
    (reading,) = plx.spot_check_readings(group(0x2A5E, text))
    return reading


def test_a_whole_spot_check() -> None:
    reading = read(f"0f {NORMAL} ea07 0b 15 08 1e 00 0000 000000 64f0")
    assert reading.kind is Kind.OXYGEN
    assert [(value.mdc, value.unit, str(value.number)) for value in reading.values] == [
        (150456, "%", "97"),
        (149530, "/min", "72"),
        (150320, "%", "10.0"),
    ]
    assert str(reading.device_time) == "2026-11-21T08:30:00"
    assert (reading.validity, reading.flags) == (Validity.VALID, ())


@pytest.mark.parametrize(
    ("bit", "validity", "flag"),
    [
        (5, Validity.VALID, "measurement_ongoing"),
        (6, Validity.QUESTIONABLE, "early_estimate"),
        (9, Validity.VALID, "from_storage"),
        (10, Validity.TEST, "demonstration"),
        (11, Validity.TEST, "testing"),
        (12, Validity.QUESTIONABLE, "calibrating"),
        (13, Validity.INVALID, "measurement_unavailable"),
        (14, Validity.QUESTIONABLE, "measurement_questionable"),
        (15, Validity.INVALID, "measurement_invalid"),
    ],
)
def test_measurement_status(bit: int, validity: Validity, flag: str) -> None:
    reading = read(f"02 {NORMAL} {(1 << bit).to_bytes(2, 'little').hex()}")
    assert (reading.validity, reading.flags) == (validity, (flag,))


@pytest.mark.parametrize("status", ["1f00", "8000", "0001", "8001"])
def test_validated_and_reserved_bits_mean_no_doubt(status: str) -> None:
    assert read(f"02 {NORMAL} {status}").validity is Validity.VALID


def test_the_worst_of_several_bits_counts() -> None:
    assert read(f"02 {NORMAL} 4040").validity is Validity.QUESTIONABLE  # 6 and 14
    assert read(f"02 {NORMAL} 4080").validity is Validity.INVALID  # 6 and 15
    assert read(f"02 {NORMAL} 0084").validity is Validity.TEST  # 10 and 15


# The bits of 3.1.1.7; which of them ask for a repeat is our judgement, and listed here on purpose.
DOUBTED = Validity.QUESTIONABLE


@pytest.mark.parametrize(
    ("bit", "validity", "flag"),
    [
        (1, DOUBTED, "equipment_malfunction"),
        (2, DOUBTED, "signal_irregular"),
        (3, DOUBTED, "signal_inadequate"),
        (4, DOUBTED, "signal_poor"),
        (5, Validity.VALID, "low_perfusion"),
        (6, DOUBTED, "signal_erratic"),
        (7, DOUBTED, "signal_without_pulse"),
        (8, DOUBTED, "pulse_questionable"),
        (10, DOUBTED, "interference"),
        (11, DOUBTED, "sensor_off_patient"),
        (12, DOUBTED, "sensor_unknown"),
        (13, DOUBTED, "sensor_displaced"),
        (14, DOUBTED, "sensor_malfunction"),
        (15, DOUBTED, "sensor_disconnected"),
    ],
)
def test_each_bit_of_the_device_status(bit: int, validity: Validity, flag: str) -> None:
    reading = read(f"04 {NORMAL} {(1 << bit).to_bytes(3, 'little').hex()}")
    assert (reading.validity, reading.flags) == (validity, (flag,))


# Each optional field alone: its flag, its octets, what it says.
SPOT_CHECK = [
    ("01", "ea07 0b 15 08 1e 00", {"timestamp": "2026-11-21T08:30:00"}),
    ("02", "2000", {"meas_status": 32}),
    ("04", "010203", {"dev_status": 0x30201}),
    ("08", "64f0", {"pai": 10.0}),
    ("10", "", {"clock_not_set": True}),
    ("e0", "", {}),  # reserved
]
CONTINUOUS = [
    ("01", "6000 4700", {"spo2_fast": 96.0, "pr_fast": 71.0}),
    ("02", "5f00 4600", {"spo2_slow": 95.0, "pr_slow": 70.0}),
    ("04", "2000", {"meas_status": 32}),
    ("08", "010203", {"dev_status": 0x30201}),
    ("10", "64f0", {"pai": 10.0}),
    ("e0", "", {}),  # reserved
]


@pytest.mark.parametrize(
    ("uuid", "flags", "text", "expected"),
    [(PLX_SPOT_CHECK, *each) for each in SPOT_CHECK]
    + [(PLX_CONTINUOUS, *each) for each in CONTINUOUS],
)
def test_each_field_alone(uuid: str, flags: str, text: str, expected: dict[str, object]) -> None:
    said = fields(uuid, octets(f"{flags} {NORMAL} {text}"))
    told = {name: value for name, value in said.items() if value not in (None, False)}
    assert told == {"spo2": 97.0, "pr": 72.0, **expected}
    for length in range(len(octets(f"{flags} {NORMAL} {text}"))):
        with pytest.raises(DecodeError, match="too short"):
            fields(uuid, octets(f"{flags} {NORMAL} {text}")[:length])
    with pytest.raises(DecodeError, match="too long"):
        fields(uuid, octets(f"{flags} {NORMAL} {text} 00"))


@pytest.mark.parametrize(
    ("status", "validity", "flags"),
    [
        ("200000", Validity.VALID, ("low_perfusion",)),
        ("010000", Validity.VALID, ()),
        ("100000", Validity.QUESTIONABLE, ("signal_poor",)),
        ("008000", Validity.QUESTIONABLE, ("sensor_disconnected",)),
        ("0000ff", Validity.VALID, ()),  # the third octet is reserved
    ],
)
def test_device_status(status: str, validity: Validity, flags: tuple[str, ...]) -> None:
    reading = read(f"04 {NORMAL} {status}")
    assert (reading.validity, reading.flags) == (validity, flags)


@pytest.mark.parametrize(
    ("spo2", "validity"),
    [
        ("3100", Validity.QUESTIONABLE),  # 49
        ("3200", Validity.VALID),
        ("6400", Validity.VALID),
        ("6500", Validity.QUESTIONABLE),  # 101
    ],
)
def test_spo2_window(spo2: str, validity: Validity) -> None:
    assert read(f"00 {spo2} 4800").validity is validity


@pytest.mark.parametrize(
    ("spo2", "absent"),
    [
        ("ff07", Absent.NAN),
        ("0008", Absent.NRES),
        ("ff00", Absent.SENTINEL),  # 255
        ("ffff", Absent.SENTINEL),  # 65535 to the device, -0.1 as SFLOAT
    ],
)
def test_without_spo2_a_reading_is_invalid(spo2: str, absent: Absent) -> None:
    reading = read(f"00 {spo2} 4800")
    assert (reading.validity, reading.flags) == (Validity.INVALID, ("spo2_absent",))
    assert (reading.values[0].number, reading.values[0].absent) == (None, absent)


@pytest.mark.parametrize("pulse", ["ff07", "ff00"])
def test_without_pulse_a_reading_is_questionable(pulse: str) -> None:
    reading = read(f"00 6100 {pulse}")
    assert (reading.validity, reading.flags) == (Validity.QUESTIONABLE, ("pulse_absent",))


def test_a_clock_that_is_not_set_is_flagged() -> None:
    assert read(f"11 {NORMAL} e107 01 01 00 00 00").flags == ("clock_not_set",)


def test_continuous() -> None:
    text = f"1f {NORMAL} 6000 4700 5f00 4600 0000 000000 64f0"
    (reading,) = plx.continuous_readings(group(0x2A5F, text))
    assert [value.number for value in reading.values] == [97, 72, 10]
    assert (reading.device_time, reading.validity) == (None, Validity.VALID)
    said = fields(PLX_CONTINUOUS, octets(text))
    assert (said["spo2_fast"], said["pr_fast"]) == (96.0, 71.0)
    assert (said["spo2_slow"], said["pr_slow"]) == (95.0, 70.0)
    assert (said["meas_status"], said["dev_status"], said["pai"]) == (0, 0, 10.0)


def test_continuous_status_has_other_flags_than_spot_check() -> None:
    (reading,) = plx.continuous_readings(group(0x2A5F, f"04 {NORMAL} 0080"))
    assert reading.validity is Validity.INVALID
    with pytest.raises(DecodeError):
        plx.continuous_readings(group(0x2A5F, f"02 {NORMAL} 0080"))
