"""Glucose context fields. Octets are written by hand from Glucose Service 1.0.1, 3.2.

Flags: 0 carbohydrate, 1 meal, 2 tester and health, 3 exercise, 4 medication, 5 litre instead of
kg, 6 HbA1c, 7 extended flags (which come first).
"""

from typing import Any

import pytest

from device_profiles.codecs import fields
from device_profiles.errors import DecodeError
from device_profiles.gatt import GLUCOSE_CONTEXT
from tests.unit.device_profiles.octets import octets

# Each optional field alone: its flag bits, its octets, what it says.
FIELDS: list[tuple[int, str, dict[str, Any]]] = [
    (0x80, "07", {"extended": 7}),
    (0x01, "02 2dd0", {"carbohydrate_id": 2, "carbohydrate_kg": 0.045}),  # 45e-3 kg
    (0x02, "03", {"meal": 3}),
    (0x04, "51", {"tester": 1, "health": 5}),  # tester low, health high nibble
    (0x08, "100e 32", {"exercise_s": 3600, "exercise_pct": 50}),
    (0x10, "01 0ab0", {"medication_id": 1, "medication": 1e-4, "medication_unit": "kg"}),
    (0x40, "41f0", {"hba1c_pct": 6.5}),
]
ALL = "ff 2a00" + "".join(f" {text}" for _, text, _ in FIELDS)


def said(text: str) -> dict[str, Any]:
    return fields(GLUCOSE_CONTEXT, octets(text))


@pytest.mark.parametrize(("flags", "text", "expected"), FIELDS)
def test_each_field_alone(flags: int, text: str, expected: dict[str, Any]) -> None:
    told = said(f"{flags:02x} 2a00 {text}")
    assert {name: value for name, value in told.items() if value is not None} == {
        "seq": 42,
        **expected,
    }


def test_all_fields_in_their_order() -> None:
    expected = {"seq": 42} | {k: v for _, _, each in FIELDS for k, v in each.items()}
    assert said(ALL) == expected | {"medication_unit": "L"}


def test_a_context_may_say_nothing() -> None:
    assert said("00 2a00")["seq"] == 42


@pytest.mark.parametrize("length", range(len(octets(ALL))))
def test_every_truncation_is_refused(length: int) -> None:
    with pytest.raises(DecodeError, match="too short"):
        fields(GLUCOSE_CONTEXT, octets(ALL)[:length])


def test_a_rest_is_refused() -> None:
    with pytest.raises(DecodeError, match="too long"):
        said(f"{ALL} 00")
