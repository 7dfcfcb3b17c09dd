"""Feature characteristics and the intermediate cuff pressure.

Octets are written by hand from Blood Pressure Service 1.1.1, Glucose Service 1.0.1, Pulse Oximeter
Service 1.0.1, Weight Scale Service 1.0 and Body Composition Service 1.0.
"""

import pytest

from device_profiles.codecs import decoders, fields, readers
from device_profiles.errors import DecodeError
from device_profiles.gatt import sig
from tests.unit.device_profiles.octets import octets

BITS = {
    0x2A49: {
        0: "body_movement",
        1: "cuff_fit",
        2: "irregular_pulse",
        3: "pulse_range",
        4: "position",
        5: "multiple_bond",
        6: "crc",
        7: "user_data",
        8: "user_facing_time",
    },
    0x2A51: {
        0: "battery_low",
        1: "sensor_malfunction",
        2: "sample_size",
        3: "strip_insertion",
        4: "strip_type",
        5: "result_range",
        6: "temperature_range",
        7: "interruption",
        8: "device_fault",
        9: "time_fault",
        10: "multiple_bond",
    },
    0x2A9E: {0: "time_stamp", 1: "multiple_users", 2: "bmi"},
    0x2A9B: {
        0: "time_stamp",
        1: "multiple_users",
        2: "basal_metabolism",
        3: "muscle_percent",
        4: "muscle_mass",
        5: "fat_free_mass",
        6: "soft_lean_mass",
        7: "body_water",
        8: "impedance",
        9: "weight",
        10: "height",
    },
    0x2AA8: {
        0: "calibration",
        1: "patient_alerts",
        2: "hypo_alerts",
        3: "hyper_alerts",
        4: "rate_alerts",
        5: "device_specific_alert",
        6: "sensor_malfunction",
        7: "temperature_range",
        8: "result_range",
        9: "battery_low",
        10: "sensor_type",
        11: "device_fault",
        13: "multiple_bond",
        14: "multiple_sessions",
        15: "trend",
        16: "quality",
    },
}
LENGTHS = {0x2A49: 2, 0x2A51: 2, 0x2A9E: 4, 0x2A9B: 4, 0x2AA8: 3}
REST = {0x2AA8: octets("59 ffff")}


@pytest.mark.parametrize(
    ("uuid", "bit", "name"),
    [(uuid, bit, name) for uuid, names in BITS.items() for bit, name in names.items()],
)
def test_each_bit(uuid: int, bit: int, name: str) -> None:
    sent = (1 << bit).to_bytes(LENGTHS[uuid], "little") + REST.get(uuid, b"")
    said = fields(sig(uuid), sent)
    assert (said["bits"], said["supports"]) == (1 << bit, [name])


@pytest.mark.parametrize(("uuid", "first_reserved"), [(0x2A49, 9), (0x2A51, 11)])
def test_reserved_bits_mean_nothing_and_are_kept(uuid: int, first_reserved: int) -> None:
    reserved = 0xFFFF << first_reserved & 0xFFFF
    said = fields(sig(uuid), reserved.to_bytes(2, "little"))
    assert (said["bits"], said["supports"]) == (reserved, [])


STEPS = {1: 0.5, 2: 0.2, 3: 0.1, 4: 0.05, 5: 0.02, 6: 0.01, 7: 0.005}


@pytest.mark.parametrize("code", range(16))
def test_step_of_mass(code: int) -> None:
    for uuid, shift in ((0x2A9E, 3), (0x2A9B, 11)):
        said = fields(sig(uuid), (code << shift).to_bytes(4, "little"))
        assert (said["step_kg"], said["step_m"], said["supports"]) == (STEPS.get(code), None, [])


@pytest.mark.parametrize("code", range(8))
def test_step_of_height(code: int) -> None:
    for uuid, shift in ((0x2A9E, 7), (0x2A9B, 15)):
        said = fields(sig(uuid), (code << shift).to_bytes(4, "little"))
        expected = {1: 0.01, 2: 0.005, 3: 0.001}.get(code)
        assert (said["step_m"], said["step_kg"], said["supports"]) == (expected, None, [])


def test_reserved_bits_of_a_scale() -> None:
    for uuid, bits in ((0x2A9E, 0xFFFFFC00), (0x2A9B, 0xFFFC0000)):
        said = fields(sig(uuid), bits.to_bytes(4, "little"))
        assert said == {"bits": bits, "supports": [], "step_kg": None, "step_m": None}


@pytest.mark.parametrize("uuid", [0x2A49, 0x2A51, 0x2A9E, 0x2A9B])
def test_a_feature_has_its_length(uuid: int) -> None:
    for length in (0, LENGTHS[uuid] - 1, LENGTHS[uuid] + 1):
        with pytest.raises(DecodeError):
            fields(sig(uuid), bytes(length))


@pytest.mark.parametrize(
    ("text", "supports", "meas", "dev"),
    [
        ("0000", [], None, None),
        ("0100 e0ff", ["measurement_status"], 0xFFE0, None),
        ("0200 030201", ["device_status"], None, 0x10203),
        ("0300 e0ff 030201", ["measurement_status", "device_status"], 0xFFE0, 0x10203),
        ("0400", ["storage"], None, None),
        ("0800", ["time_stamp"], None, None),
        ("1000", ["fast"], None, None),
        ("2000", ["slow"], None, None),
        ("4000", ["pulse_amplitude"], None, None),
        ("8000", ["multiple_bond"], None, None),
        ("00ff", [], None, None),  # reserved
    ],
)
def test_plx_features(text: str, supports: list[str], meas: int | None, dev: int | None) -> None:
    said = fields(sig(0x2A60), octets(text))
    assert said == {
        "bits": int.from_bytes(octets(text)[:2], "little"),
        "supports": supports,
        "meas_status_support": meas,
        "dev_status_support": dev,
    }


@pytest.mark.parametrize(
    "text", ["", "00", "0100", "0100 e0", "0200 0302", "0000 00", "0300 e0ff 030201 00"]
)
def test_plx_features_of_a_wrong_length(text: str) -> None:
    with pytest.raises(DecodeError):
        fields(sig(0x2A60), octets(text))


def test_cuff_pressure_is_shown_and_is_no_reading() -> None:
    text = "1f 64f0 0000 0000 ea07 0b 15 08 1e 05 4800 02 0100"
    assert fields(sig(0x2A36), octets(text)) == {
        "unit": "kPa",
        "cuff": 10.0,
        "timestamp": "2026-11-21T08:30:05",
        "pulse": 72.0,
        "user_id": 2,
        "status": 1,
    }
    assert sig(0x2A36) in decoders()
    assert sig(0x2A36) not in readers()
