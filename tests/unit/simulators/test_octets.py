"""Octets of the simulated devices, against hex derived by hand from the specifications."""

from datetime import datetime
from decimal import Decimal

import pytest

from simulators.peripherals import (
    body_scale,
    cgm,
    cuff,
    glucose_octets,
    oximeter,
    scale,
    thermometer,
)
from simulators.peripherals.body_scale import Body
from simulators.peripherals.cgm import Interstitial
from simulators.peripherals.cuff import Pressure
from simulators.peripherals.glucose_octets import Context, Glucose
from simulators.peripherals.octets import crc16, date_time, float32, sfloat
from simulators.peripherals.oximeter import Oxygen
from simulators.peripherals.scale import Weight
from simulators.peripherals.thermometer import Temperature

AT = datetime(2026, 11, 21, 20, 41, 59)  # noqa: DTZ001 - a device has no zone
AT_HEX = " ea07 0b 15 14 29 3b "  # u16 year, then one octet each


@pytest.mark.parametrize(
    ("number", "octets"),
    [
        ("114", "7200"),  # the GSS's own example: 0x0072
        ("0.00118", "76b0"),  # and 0xB076: mantissa 118, exponent -5
        ("120", "7800"),
        ("18.9", "bdf0"),  # mantissa 189, exponent -1
        ("-0.1", "ffff"),  # mantissa -1, exponent -1
        ("0", "0000"),
        ("2045", "fd07"),  # the largest mantissa that is not special
        ("2047", None),  # would read as NaN, and 20470 has no mantissa
        ("2050", "cd10"),  # 205 * 10
        ("0.0020", "14c0"),  # as written: mantissa 20, exponent -4
        ("100000", "0150"),
        ("123.45", None),
        ("1E+12", None),
    ],
)
def test_medfloat(number: str, octets: str | None) -> None:
    if octets is None:
        with pytest.raises(ValueError, match="no exact medfloat16"):
            sfloat(Decimal(number))
    else:
        assert sfloat(Decimal(number)) == bytes.fromhex(octets)


def test_date_time() -> None:
    assert date_time(AT) == bytes.fromhex(AT_HEX)


@pytest.mark.parametrize(
    ("more", "octets"),
    [
        # flags bit 1: time stamp; mean pressure NaN
        ({}, "02 8400 5400 ff07" + AT_HEX),
        # bits 1, 2: time, pulse 70
        ({"pulse": 70}, "06 8400 5400 ff07" + AT_HEX + "4600"),
        # bits 1-4, user 1, status 4 (irregular pulse), mean 100
        (
            {"pulse": 70, "user": 1, "status": 4, "map": 100},
            "1e 8400 5400 6400" + AT_HEX + "4600 01 0400",
        ),
        # bit 0: kPa; 17.6 and 11.2 have the exponent -1
        (
            {"systolic": "17.6", "diastolic": "11.2", "unit": "kPa"},
            "03 b0f0 70f0 ff07" + AT_HEX,
        ),
    ],
)
def test_blood_pressure(more: dict[str, object], octets: str) -> None:
    described = {"device_time": AT, "systolic": 132, "diastolic": 84, **more}
    assert cuff.octets(Pressure.model_validate(described), AT) == bytes.fromhex(octets)


@pytest.mark.parametrize(
    ("more", "octets"),
    [
        # 120 mg/dL = 0.00120 kg/L = 0xB078; capillary whole blood, finger
        ({"glucose": 120}, "02 0700" + AT_HEX + "78b0 11"),
        # 6.7 mmol/L = 0.0067 mol/L: mantissa 67, exponent -4; bit 2
        ({"glucose": "6.7", "unit": "mmol/L"}, "06 0700" + AT_HEX + "43c0 11"),
        # user time = base + offset: base 21:41:59, offset -60 min (0xffc4)
        (
            {"glucose": 120, "offset_min": -60},
            "03 0700 ea07 0b 15 15 29 3b c4ff 78b0 11",
        ),
        # control solution: type 10, location 4
        ({"glucose": 120, "sample": 10, "location": 4}, "02 0700" + AT_HEX + "78b0 4a"),
        # HI: +INF and status bit 5; LO: -INF and bit 6
        ({"glucose": "HI"}, "0a 0700" + AT_HEX + "fe07 11 2000"),
        ({"glucose": "LO"}, "0a 0700" + AT_HEX + "0208 11 4000"),
        # battery low, context follows
        (
            {"glucose": 54, "status": 1, "context": {"meal": 1}},
            "1a 0700" + AT_HEX + "36b0 11 0100",
        ),
    ],
)
def test_glucose(more: dict[str, object], octets: str) -> None:
    glucose = Glucose.model_validate({"device_time": AT, **more})
    assert glucose_octets.measurement(glucose, 7, AT) == bytes.fromhex(octets)


@pytest.mark.parametrize(
    ("told", "octets"),
    [
        ({"meal": 3}, "02 0700 03"),
        # 45 g of carbohydrate = 0.045 kg: mantissa 45, exponent -3; breakfast is 1
        ({"carbohydrate": 1, "carbohydrate_g": 45, "meal": 1}, "03 0700 01 2dd0 01"),
        ({"tester": 1, "health": 5}, "04 0700 51"),
    ],
)
def test_glucose_context(told: dict[str, object], octets: str) -> None:
    assert glucose_octets.context(Context.model_validate(told), 7) == bytes.fromhex(octets)


@pytest.mark.parametrize(
    ("more", "octets"),
    [
        ({}, "01 6100 4600" + AT_HEX),
        ({"status": 0x4000}, "03 6100 4600" + AT_HEX + "0040"),
        (
            {"status": 0x0020, "device_status": 0x000020},
            "07 6100 4600" + AT_HEX + "2000 200000",
        ),
    ],
)
def test_spot_check(more: dict[str, object], octets: str) -> None:
    oxygen = Oxygen.model_validate({"device_time": AT, "spo2": 97, "pulse": 70, **more})
    assert oximeter.spot_check(oxygen, AT) == bytes.fromhex(octets)


@pytest.mark.parametrize(
    ("more", "octets"),
    [
        ({}, "00 6100 4600"),
        ({"status": 0x2000}, "04 6100 4600 0020"),
        ({"device_status": 1}, "08 6100 4600 010000"),
    ],
)
def test_live_value(more: dict[str, object], octets: str) -> None:
    oxygen = Oxygen.model_validate({"device_time": AT, "spo2": 97, "pulse": 70, **more})
    assert oximeter.continuous(oxygen) == bytes.fromhex(octets)


@pytest.mark.parametrize(
    ("number", "octets"),
    [
        ("37.6", "780100ff"),  # mantissa 376, exponent -1
        ("36.40", "380e00fe"),  # as written: mantissa 3640, exponent -2
        ("-0.1", "ffffffff"),
        ("8388606", None),  # would read as +infinity
    ],
)
def test_medfloat32(number: str, octets: str | None) -> None:
    if octets is None:
        with pytest.raises(ValueError, match="no exact medfloat32"):
            float32(Decimal(number))
    else:
        assert float32(Decimal(number)) == bytes.fromhex(octets)


@pytest.mark.parametrize(
    ("more", "octets"),
    [
        # 81.5 kg = 16300 * 0.005
        ({}, "02 ac3f" + AT_HEX),
        # 179.68 lb = 17968 * 0.01
        ({"weight": "179.68", "unit": "lb", "user": 2}, "07 3046" + AT_HEX + "02"),
        # BMI 25.2 = 252 * 0.1, height 1.80 m = 1800 * 0.001
        ({"bmi": "25.2", "height": "1.8"}, "0a ac3f" + AT_HEX + "fc00 0807"),
        # height 70.9 inches = 709 * 0.1
        (
            {"weight": "179.68", "unit": "lb", "bmi": "25.2", "height": "70.9"},
            "0b 3046" + AT_HEX + "fc00 c502",
        ),
        ({"weight": "unsuccessful"}, "02 ffff" + AT_HEX),
    ],
)
def test_weight(more: dict[str, object], octets: str) -> None:
    told = Weight.model_validate({"device_time": AT, "weight": "81.5", **more})
    assert scale.octets(told, AT) == bytes.fromhex(octets)


@pytest.mark.parametrize("number", ["81.501", "-1", "327.675"])
def test_a_weight_between_two_steps_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="no whole number of steps"):
        Weight.model_validate({"device_time": AT, "weight": number})


@pytest.mark.parametrize(
    ("more", "octets"),
    [
        ({}, "0200 f500" + AT_HEX),  # fat 24.5 %
        # bits 1-4, 8, 9: metabolism 6900 kJ, muscle 41.2 %, water 42 kg, impedance 500 ohm
        (
            {
                "user": 1,
                "metabolism": 6900,
                "muscle": "41.2",
                "water": 42,
                "impedance": 500,
            },
            "1e03 f500" + AT_HEX + "01 f41a 9c01 d020 8813",
        ),
    ],
)
def test_body_composition(more: dict[str, object], octets: str) -> None:
    told = Body.model_validate({"device_time": AT, "weight": "81.5", "fat": "24.5", **more})
    assert body_scale.composition(told, Decimal("24.5"), AT) == bytes.fromhex(octets)


@pytest.mark.parametrize(
    ("more", "stamp", "octets"),
    [
        ({}, AT, "02 780100ff" + AT_HEX),
        ({"site": 6}, AT, "06 780100ff" + AT_HEX + "06"),
        ({"temperature": "99.7", "unit": "F", "site": 3}, None, "05 e50300ff 03"),
    ],
)
def test_temperature(more: dict[str, object], stamp: datetime | None, octets: str) -> None:
    told = Temperature.model_validate({"device_time": AT, "temperature": "37.6", **more})
    assert thermometer.octets(told, stamp) == bytes.fromhex(octets)


def test_crc() -> None:
    assert crc16(b"123456789") == b"\x91\x6f"  # the public catalogue's check value, 0x6F91


@pytest.mark.parametrize(
    ("more", "octets"),
    [
        ({}, "06 00 7800 0a01"),  # 120 mg/dL, minute 266
        # -2.5: mantissa -25, exponent -1; status and calibration in bits 7 and 6
        ({"trend": "-2.5", "status": 2, "calibration": 4}, "0a c1 7800 0a01 02 04 e7ff"),
        ({"glucose": "LO"}, "07 20 0000 0a01 40"),
        ({"glucose": "HI", "warning": 8}, "07 20 0000 0a01 88"),
    ],
)
def test_cgm_record(more: dict[str, object], octets: str) -> None:
    told = Interstitial.model_validate({"device_time": AT, "glucose": 120, **more})
    sent = bytes.fromhex(octets)
    assert cgm.record(told, 266, crc=False) == sent
    longer = bytes([sent[0] + 2]) + sent[1:]
    assert cgm.record(told, 266, crc=True) == longer + crc16(longer)
