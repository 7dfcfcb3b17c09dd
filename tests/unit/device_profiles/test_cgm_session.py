"""What a glucose sensor says of itself and its session (CGM Service 1.0.2, 3.2 to 3.5)."""

from typing import Any

import pytest

from device_profiles.codecs import fields
from device_profiles.errors import DecodeError
from device_profiles.gatt import sig
from tests.unit.device_profiles.cgm_octets import sealed
from tests.unit.device_profiles.octets import octets


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
