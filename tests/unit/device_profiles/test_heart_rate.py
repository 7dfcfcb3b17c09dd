"""Heart rate. Octets are written by hand from Heart Rate Service 1.0, 3.1.

Flags: 0 u16 rate, 1 contact, 2 contact known, 3 energy, 4 RR; then rate, [energy u16], [RR u16...].
"""

from decimal import Decimal

import pytest

from device_profiles.codecs import fields, heart_rate
from device_profiles.codecs.heart_rate_stretch import HeartRateStretch
from device_profiles.errors import DecodeError
from device_profiles.gatt import HEART_RATE_MEASUREMENT, sig
from device_profiles.reading import Absent, Kind, Reading, Validity
from tests.unit.device_profiles.octets import group, indication, octets


def read(*texts: str) -> Reading:
    (reading,) = heart_rate.readings(tuple(indication(0x2A37, text) for text in texts))
    return reading


def test_one_notification() -> None:
    sent = group(0x2A37, "1e 48 3200 0004")
    (reading,) = heart_rate.readings(sent)
    (value,) = reading.values
    assert (reading.kind, value.name, value.mdc) == (Kind.HEART_RATE, "heart_rate", 147842)
    assert (value.unit, value.number, value.loinc) == ("/min", Decimal(72), ("8867-4",))
    assert (reading.validity, reading.flags, reading.device_time) == (Validity.VALID, (), None)
    assert reading.octets == sent
    assert fields(HEART_RATE_MEASUREMENT, sent[0].octets) == {
        "hr": 72,
        "contact": True,
        "energy": 50,
        "rr_raw": [1024],
    }


@pytest.mark.parametrize(
    ("flags", "contact"), [("00", None), ("02", None), ("04", False), ("06", True), ("e0", None)]
)
def test_contact(flags: str, *, contact: bool | None) -> None:
    assert fields(HEART_RATE_MEASUREMENT, octets(f"{flags} 48"))["contact"] is contact


def test_a_stretch_has_the_median_that_was_told() -> None:
    assert read("00 48", "00 c8", "00 4a").values[0].number == 74
    assert read("00 48", "00 4a").values[0].number == 72  # the lower of two, not 73
    assert read("00 48", "01 2c01", "01 2c01").values[0].number == 300


@pytest.mark.parametrize(
    ("rate", "validity"),
    [
        ("00 18", Validity.QUESTIONABLE),
        ("00 19", Validity.VALID),
        ("00 fa", Validity.VALID),
        ("00 fb", Validity.QUESTIONABLE),
    ],
)
def test_window(rate: str, validity: Validity) -> None:
    assert read(rate).validity is validity


def test_what_nobody_wears_measures_nothing() -> None:
    off = read("04 48", "04 48")
    assert (off.values[0].number, off.values[0].absent) == (None, Absent.SENTINEL)
    assert (off.validity, off.flags) == (
        Validity.INVALID,
        ("heart_rate_absent", "no_skin_contact"),
    )
    partly = read("04 ff", "06 48", "04 ff")
    assert partly.values[0].number == 72
    assert partly.flags == ("no_skin_contact",)
    assert partly.validity is Validity.VALID
    zero = read("00 00")
    assert (zero.validity, zero.flags) == (Validity.INVALID, ("heart_rate_absent",))
    assert read("00 00", "00 00", "00 48").values[0].number == 72


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "too short"),
        ("00", "too short"),
        ("01 48", "too short"),
        ("08 48 01", "too short"),
        ("00 48 00", "too long"),
        ("08 48 0100 00", "too long"),
        ("10 48 00", "RR interval"),
        ("10 48 0004 00", "RR interval"),
    ],
)
def test_wrong_lengths_are_refused(text: str, says: str) -> None:
    with pytest.raises(DecodeError, match=says):
        heart_rate.decode(octets(text))


def test_intervals_are_little_endian() -> None:
    assert heart_rate.decode(octets("10 48 0102 ff03")).rr_raw == (0x201, 0x3FF)


def test_sensor_location() -> None:
    assert fields(sig(0x2A38), octets("01")) == {"location": 1}
    for wrong in ("", "0101"):
        with pytest.raises(DecodeError):
            heart_rate.decode_location(octets(wrong))


def test_sixty_notifications_are_a_stretch() -> None:
    stretch = HeartRateStretch()
    came = [indication(0x2A37, f"00 {rate:02x}") for rate in range(40, 125)]
    complete = [each for one in came for each in stretch.add(one)]
    assert complete == [tuple(came[:60])]
    assert list(stretch.rest()) == [tuple(came[60:])]
    assert list(stretch.rest()) == []


def test_long_notifications_make_a_shorter_stretch() -> None:
    """So that the reading fits an envelope: 2,400 octets are 24 notifications of 100."""
    long = indication(0x2A37, "10 48" + "0004" * 49)
    assert len(long.octets) == 100
    stretch = HeartRateStretch()
    assert [len(stretch.add(long)) for _ in range(24)] == [0] * 23 + [1]
    assert list(stretch.rest()) == []
    shorter = indication(0x2A37, "11 4800" + "0004" * 48)  # 99 octets: one is missing to 2,400
    assert [len(stretch.add(each)) for each in [*[long] * 23, shorter]] == [0] * 24
    assert len(stretch.add(shorter)) == 1


def test_what_cannot_be_decoded_or_is_foreign_goes_alone_at_once() -> None:
    stretch = HeartRateStretch()
    good, broken = indication(0x2A37, "00 48"), indication(0x2A37, "01 48")
    battery = indication(0x2A19, "64")
    assert list(stretch.add(good)) == []
    assert list(stretch.add(broken)) == [(broken,)]
    assert list(stretch.add(battery)) == [(battery,)]
    assert list(stretch.rest()) == [(good,)]
