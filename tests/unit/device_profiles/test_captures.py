"""Every published capture is read as its source says. See tests/captures/README.md."""

import json
from collections import Counter
from math import isclose
from pathlib import Path
from typing import Any

import pytest

from device_profiles.codecs import decoders, fields
from device_profiles.errors import DecodeError
from device_profiles.gatt import sig
from device_profiles.reading import Absent, Indication, Reading, Validity
from device_profiles.registry import PROFILES

CAPTURES = Path(__file__).parents[2] / "captures" / "gatt.jsonl"
LINES = [json.loads(line) for line in CAPTURES.read_text().splitlines()]
WITHIN = 1e-5


def uuid_of(line: dict[str, Any]) -> str:
    name = line["uuid"].lower()
    return name if name in decoders() else sig(line["uuid"])


def capture(line: dict[str, Any]) -> Any:
    return pytest.param(uuid_of(line), bytes.fromhex(line["hex"]), line["expected"], id=line["hex"])


BEURER_BM85 = (
    "56710049000000ea07080b1438000041010000",
    "56760050000000ea07080b141b00003c000004",
)
NO_VALUE = "030100e407030e1717000000ffff11"
POUNDS_IN_TENTHS = "01b002"
XIAOMI = "0624b2070101002e3800004c04"
# Who sent what breaks the specification; the meter of NO_VALUE is not named by its source.
OFF_SPEC = {
    **dict.fromkeys(BEURER_BM85, "beurer_bm85"),
    NO_VALUE: "generic_glucometer",
    POUNDS_IN_TENTHS: "aandd_uc352ble",
    XIAOMI: "xiaomi_mi_scale",
}
MEASURED = {"systolic", "diastolic", "pulse", "weight"}
UNITS = {"mmHg": "mm[Hg]", "kg": "kg", "lb": "[lb_av]"}

ON_SPEC = [line for line in LINES if not line.get("off_spec")]
GOOD = [capture(line) for line in ON_SPEC if "error" not in line["expected"]]
BAD = [capture(line) for line in ON_SPEC if "error" in line["expected"]]


def same(said: object, expected: object) -> bool:
    """Compare what the source states, inside records too; what it leaves out may be anything."""
    if isinstance(expected, dict):
        return isinstance(said, dict) and all(
            name in said and same(said[name], value) for name, value in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(said, list) and len(said) == len(expected) and all(map(same, said, expected))
        )
    if isinstance(expected, float):
        return isinstance(said, float) and isclose(said, expected, rel_tol=WITHIN)
    return type(said) is type(expected) and said == expected


@pytest.mark.parametrize(("uuid", "octets", "expected"), GOOD)
def test_fields_are_as_the_source_says(uuid: str, octets: bytes, expected: dict[str, Any]) -> None:
    said = json.loads(json.dumps(fields(uuid, octets)))
    assert said.keys() >= expected.keys()
    assert {name: said[name] for name in expected if not same(said[name], expected[name])} == {}


@pytest.mark.parametrize(("uuid", "octets", "_expected"), BAD)
def test_what_the_source_refuses_is_refused(uuid: str, octets: bytes, _expected: Any) -> None:
    with pytest.raises(DecodeError):
        fields(uuid, octets)


def test_there_are_captures_of_every_kind() -> None:
    services = {"2A35", "2A36", "2A18", "2A51", "2A5E", "2A1C", "2A9D", "2A9C", "2A37", "2AA7"}
    others = {"2A52", "2A2B", "2A08", "2A19", "SFLOAT", "FLOAT"}
    assert services | others <= {line["uuid"] for line in LINES}


def passes(line: dict[str, Any]) -> str:
    """Read one line in the way that it asks for; return which way that was."""
    octets, expected = bytes.fromhex(line["hex"]), line["expected"]
    if line.get("off_spec"):
        profile = PROFILES[OFF_SPEC[line["hex"]]]
        (reading,) = profile.readings((Indication(uuid=uuid_of(line), octets=octets),))
        assert says(reading, expected), line
        return "off-spec, by the profile of its device"
    if "error" in expected:
        with pytest.raises(DecodeError):
            fields(uuid_of(line), octets)
        return "refused"
    assert same(json.loads(json.dumps(fields(uuid_of(line), octets))), expected), line
    return "on-spec, by the codec"


def says(reading: Reading, expected: dict[str, Any]) -> bool:
    """Tell whether a reading has what the device meant, and no number where it meant none."""
    numbers = {value.name: value.number for value in reading.values if value.number is not None}
    wanted = {name: expected[name] for name in expected if name in MEASURED}
    told = (
        expected.get("timestamp", str(reading.device_time)),
        expected.get("user_id", reading.user),
    )
    same_unit = all(UNITS[expected["unit"]] == value.unit for value in reading.values[:1] if wanted)
    return (
        numbers.keys() <= wanted.keys()
        and all(isclose(numbers[name], wanted[name], rel_tol=WITHIN) for name in wanted)
        and told == (str(reading.device_time), reading.user)
        and same_unit
        and (bool(wanted) or reading.validity is Validity.INVALID)
    )


def test_every_published_line_passes_and_none_is_left_out() -> None:
    """Each off-spec line through the profile of its device, all others by the codec."""
    written = [line for line in CAPTURES.read_text().splitlines() if line.strip()]
    ways = Counter(passes(json.loads(line)) for line in written)
    assert ways == {
        "on-spec, by the codec": 78,
        "refused": 4,
        "off-spec, by the profile of its device": 5,
    }
    assert ways.total() == len(written) == 87


@pytest.mark.parametrize("text", BEURER_BM85)
def test_a_beurer_bm85_is_refused_and_never_misread(text: str) -> None:
    """It sends a user id that its flags deny: read literally, the pulse would be nonsense."""
    with pytest.raises(DecodeError, match="too long"):
        PROFILES["generic_cuff"].readings(
            (Indication(uuid=sig(0x2A35), octets=bytes.fromhex(text)),)
        )


def test_ff_ff_for_no_value_is_read_literally_and_never_becomes_a_number() -> None:
    octets = bytes.fromhex(NO_VALUE)
    assert fields(sig(0x2A18), octets)["concentration"] == -0.1
    (reading,) = PROFILES["generic_glucometer"].readings(
        (Indication(uuid=sig(0x2A18), octets=octets),)
    )
    assert reading.validity is Validity.INVALID
    assert reading.values[0].number is None
    assert reading.values[0].absent is Absent.SENTINEL


def test_a_scale_with_tenths_of_a_pound_is_read_by_the_letter() -> None:
    """An A&D scale with its maker's step in the standard characteristic: its profile knows."""
    octets = bytes.fromhex(POUNDS_IN_TENTHS)
    said = fields(sig(0x2A9D), octets)
    assert (said["weight"], said["unit"]) == (6.88, "lb")
    # 6.88 lb is 3.1 kg: a baby's weight, so the window does not catch it.
    (reading,) = PROFILES["generic_scale"].readings((Indication(uuid=sig(0x2A9D), octets=octets),))
    assert str(reading.values[0].number) == "6.88"


def test_a_xiaomi_scale_is_refused_and_never_misread() -> None:
    """Its private layout in the standard characteristic has no date where one must be."""
    with pytest.raises(DecodeError, match="impossible year"):
        fields(sig(0x2A9C), bytes.fromhex(XIAOMI))
