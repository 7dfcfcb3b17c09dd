"""Scales: weight and body composition. Octets are written by hand from the GATT Supplement.

Weight (2A9D): flags u8 (0 imperial, 1 time, 2 user, 3 BMI and height), weight u16 in 0.005 kg or
0.01 lb, [time], [user u8], [BMI u16 in 0.1, height u16 in 0.001 m or 0.1 in].
Body composition (2A9C): flags u16 (0 imperial, 1 time, 2 user, 3 metabolism, 4 muscle %, 5 muscle,
6 fat free, 7 soft lean, 8 water, 9 impedance, 10 weight, 11 height, 12 two packets), fat u16 in
0.1 %, then the fields in that order.
0x3A98 is 15000: 75 kg or 150 lb. 0x00F5 is 245: BMI 24.5. 0x06D6 is 1750: 1.75 m.
"""

from typing import Any

import pytest

from device_profiles.codecs import body_composition, fields, scale_reading, weight
from device_profiles.errors import DecodeError
from device_profiles.gatt import BODY_COMPOSITION_MEASUREMENT, WEIGHT_MEASUREMENT
from device_profiles.reading import Absent, Kind, Reading, Validity
from tests.unit.device_profiles.octets import group, indication, octets

TIME = "ea07 0b 15 08 1e 05"
WEIGHT = f"0e 983a {TIME} 01 f500 d606"
# Every field of a body composition after the flags: its bit, its octets, what it says.
BODY_FIELDS: list[tuple[int, str, str, Any]] = [
    (1 << 1, TIME, "timestamp", "2026-11-21T08:30:05"),
    (1 << 2, "01", "user_id", 1),
    (1 << 3, "401f", "bmr_kj", 8000),
    (1 << 4, "9001", "muscle_pct", 40.0),
    (1 << 5, "581b", "muscle_mass", 35.0),
    (1 << 6, "e02e", "fat_free_mass", 60.0),
    (1 << 7, "882c", "soft_lean_mass", 57.0),
    (1 << 8, "401f", "water_mass", 40.0),
    (1 << 9, "8813", "impedance_ohm", 500.0),
    (1 << 10, "983a", "weight", 75.0),
    (1 << 11, "d606", "height", 1.75),
]
FAT = "c800"  # 20.0 %
BODY = f"fe0f {FAT} " + " ".join(text for _, text, _, _ in BODY_FIELDS)


def stand(text: str) -> Reading:
    (reading,) = scale_reading.readings(group(0x2A9D, text))
    return reading


def compose(text: str) -> Reading:
    (reading,) = scale_reading.readings(group(0x2A9C, text))
    return reading


def told(reading: Reading) -> list[tuple[str, int, str, str]]:
    return [(value.name, value.mdc, value.unit, str(value.number)) for value in reading.values]


def test_a_whole_weight() -> None:
    sent = group(0x2A9D, WEIGHT)
    (reading,) = scale_reading.readings(sent)
    assert reading.kind is Kind.WEIGHT
    assert told(reading) == [
        ("weight", 188736, "kg", "75.000"),
        ("bmi", 188752, "kg/m2", "24.5"),
        ("height", 188740, "m", "1.750"),
    ]
    assert reading.values[0].loinc == ("29463-7",)
    assert str(reading.device_time) == "2026-11-21T08:30:05"
    assert (reading.user, reading.validity, reading.flags) == (1, Validity.VALID, ())
    assert reading.octets == sent


def test_pounds_and_inches_stay_so() -> None:
    reading = stand("09 983a f500 b102")
    assert told(reading)[0][2:] == ("[lb_av]", "150.00")
    assert told(reading)[2][2:] == ("[in_i]", "68.9")
    assert fields(WEIGHT_MEASUREMENT, octets("01 983a"))["unit"] == "lb"


def test_an_unsuccessful_weight_is_no_number() -> None:
    reading = stand("00 ffff")
    assert (reading.values[0].number, reading.values[0].absent) == (None, Absent.SENTINEL)
    assert (reading.validity, reading.flags) == (Validity.INVALID, ("weight_absent",))


@pytest.mark.parametrize(
    ("text", "validity"),
    [
        ("00 8f01", Validity.QUESTIONABLE),  # 1.995 kg
        ("00 9001", Validity.VALID),  # 2 kg
        ("00 feff", Validity.VALID),  # 327.67 kg, the most that can be said
        ("00 0000", Validity.QUESTIONABLE),
        ("01 b801", Validity.QUESTIONABLE),  # 4.40 lb = 1.996 kg
        ("01 b901", Validity.VALID),  # 4.41 lb = 2.0003 kg
    ],
)
def test_weight_window(text: str, validity: Validity) -> None:
    assert stand(text).validity is validity


def test_a_height_nobody_entered_is_no_number() -> None:
    reading = stand("08 983a 0000 0000")
    assert [value.absent for value in reading.values] == [None, Absent.SENTINEL, Absent.SENTINEL]
    assert (reading.validity, reading.flags) == (Validity.VALID, ())


@pytest.mark.parametrize(("octet", "user"), [("00", 0), ("01", 1), ("fe", 254), ("ff", None)])
def test_user(octet: str, user: int | None) -> None:
    assert stand(f"04 983a {octet}").user == user
    assert compose(f"0400 {FAT} {octet}").user == user


def test_reserved_flags_change_nothing() -> None:
    assert stand("f0 983a").values == stand("00 983a").values
    assert compose(f"00e0 {FAT}").values == compose(f"0000 {FAT}").values


@pytest.mark.parametrize("length", range(len(octets(WEIGHT))))
def test_every_truncated_weight_is_refused(length: int) -> None:
    with pytest.raises(DecodeError, match="too short"):
        weight.decode(octets(WEIGHT)[:length])


@pytest.mark.parametrize(("bit", "text", "name", "expected"), BODY_FIELDS)
def test_each_field_of_a_body_alone(bit: int, text: str, name: str, expected: Any) -> None:
    said = fields(
        BODY_COMPOSITION_MEASUREMENT, octets(f"{bit.to_bytes(2, 'little').hex()} {FAT} {text}")
    )
    assert {key: value for key, value in said.items() if value is not None} == {
        "unit": "kg",
        "fat_pct": 20.0,
        name: expected,
        "multiple_packets": False,
    }


def test_a_whole_body_composition() -> None:
    said = fields(BODY_COMPOSITION_MEASUREMENT, octets(BODY))
    assert {name: said[name] for _, _, name, _ in BODY_FIELDS} == {
        name: expected for _, _, name, expected in BODY_FIELDS
    }
    reading = compose(BODY)
    assert reading.kind is Kind.BODY_COMPOSITION
    assert told(reading) == [
        ("weight", 188736, "kg", "75.000"),
        ("body_fat", 188748, "%", "20.0"),
        ("muscle_percent", 188772, "%", "40.0"),
        ("muscle_mass", 188776, "kg", "35.000"),
        ("fat_free_mass", 188756, "kg", "60.000"),
        ("soft_lean_mass", 188760, "kg", "57.000"),
        ("body_water", 188764, "kg", "40.000"),
        ("impedance", 188780, "Ohm", "500.0"),
        ("basal_metabolism", 188768, "kJ", "8000"),
        ("height", 188740, "m", "1.750"),
    ]
    assert str(reading.device_time) == "2026-11-21T08:30:05"
    assert (reading.user, reading.validity, reading.flags) == (1, Validity.VALID, ())


def test_an_imperial_body_composition() -> None:
    reading = compose(f"210c {FAT} 581b 983a b102")  # muscle, weight, height
    assert told(reading) == [
        ("weight", 188736, "[lb_av]", "150.00"),
        ("body_fat", 188748, "%", "20.0"),
        ("muscle_mass", 188776, "[lb_av]", "70.00"),
        ("height", 188740, "[in_i]", "68.9"),
    ]


@pytest.mark.parametrize("length", range(len(octets(BODY))))
def test_every_truncated_body_composition_is_refused(length: int) -> None:
    with pytest.raises(DecodeError, match="too short"):
        body_composition.decode(octets(BODY)[:length])


def test_a_rest_is_refused() -> None:
    for text in (f"{WEIGHT} 00", "00 983a 00"):
        with pytest.raises(DecodeError, match="too long"):
            weight.decode(octets(text))
    with pytest.raises(DecodeError, match="too long"):
        body_composition.decode(octets(f"{BODY} 00"))


def test_unsuccessful_body_fat() -> None:
    """Alone it is a failed measurement; beside a weight it is somebody in shoes."""
    alone, shod = compose("0000 ffff"), compose("0004 ffff 983a")
    assert (alone.validity, alone.flags) == (Validity.INVALID, ("body_fat_absent",))
    assert (shod.validity, shod.flags) == (Validity.VALID, ("body_fat_absent",))
    assert shod.values[1].absent is Absent.SENTINEL
    failed = compose("0004 ffff ffff")
    assert (failed.validity, failed.flags) == (
        Validity.INVALID,
        ("weight_absent", "body_fat_absent"),
    )


@pytest.mark.parametrize(
    ("fat", "validity"),
    [("0000", Validity.VALID), ("e803", Validity.VALID), ("e903", Validity.QUESTIONABLE)],
)
def test_a_percentage_is_at_most_100(fat: str, validity: Validity) -> None:
    assert compose(f"0000 {fat}").validity is validity


def test_a_height_of_zero_in_a_body_composition() -> None:
    assert compose(f"0008 {FAT} 0000").values[-1].absent is Absent.SENTINEL


FIRST = f"3e10 {FAT} {TIME} 01 401f 9001 581b"
SECOND = f"c01f {FAT} e02e 882c 401f 8813 983a d606"


def test_two_packets_are_one_measurement() -> None:
    sent = (indication(0x2A9C, FIRST), indication(0x2A9C, SECOND))
    (reading,) = scale_reading.readings(sent)
    whole = compose(BODY)
    assert (reading.values, reading.device_time, reading.user) == (
        whole.values,
        whole.device_time,
        whole.user,
    )
    assert (reading.validity, reading.octets) == (Validity.VALID, sent)


def test_half_a_measurement_is_refused() -> None:
    for half in (FIRST, SECOND):
        with pytest.raises(DecodeError, match="two packets"):
            compose(half)


@pytest.mark.parametrize(
    "second",
    [
        "c01f c900 e02e 882c 401f 8813 983a d606",  # other body fat
        "c11f c800 e02e 882c 401f 8813 983a d606",  # pounds
        f"c00f {FAT} e02e 882c 401f 8813 983a d606",  # a measurement of its own
        f"0210 {FAT} {TIME}",  # only a first packet has a time
        f"0410 {FAT} 01",  # or a user
    ],
)
def test_packets_of_two_measurements_are_not_joined(second: str) -> None:
    sent = (indication(0x2A9C, FIRST), indication(0x2A9C, second))
    with pytest.raises(DecodeError, match="not of one measurement"):
        scale_reading.readings(sent)


def test_a_weight_and_its_body_composition_are_one_reading() -> None:
    sent = (indication(0x2A9D, "02 a23a " + TIME), indication(0x2A9C, f"040c {FAT} 02 983a d606"))
    (reading,) = scale_reading.readings(sent)
    assert reading.kind is Kind.BODY_COMPOSITION
    # 0x3AA2 is 75.05 kg: the scale's own word beats what the body composition repeats
    assert told(reading)[0] == ("weight", 188736, "kg", "75.050")
    assert [value.name for value in reading.values] == ["weight", "body_fat", "height"]
    assert str(reading.device_time) == "2026-11-21T08:30:05"
    assert (reading.user, reading.octets) == (2, sent)


def test_a_failed_composition_takes_nothing_from_the_weight() -> None:
    sent = (indication(0x2A9D, "00 983a"), indication(0x2A9C, f"0200 ffff {TIME}"))
    (reading,) = scale_reading.readings(sent)
    assert (reading.validity, reading.flags) == (Validity.VALID, ("body_fat_absent",))
    assert str(reading.device_time) == "2026-11-21T08:30:05"
