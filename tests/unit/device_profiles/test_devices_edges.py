"""Edges of makers' protocols that `make mutation` found without a test; octets by hand, from each
profile's own description.
"""

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from device_profiles.devices import (
    berry_bm1000,
    beurer_bf720,
    caresens,
    contour_next,
    onetouch_verio,
    taidoc_fora,
    viatom_o2ring,
)
from device_profiles.errors import DecodeError
from device_profiles.gatt import USER_CONTROL_POINT, sig
from device_profiles.profile import Profile
from device_profiles.reading import Indication, Reading, Validity
from device_profiles.registry import PROFILES
from device_profiles.replay import play
from device_profiles.talk import Consent, Owner, SetClock, Write
from device_profiles.vendor.octets import crc8
from tests.unit.device_profiles.test_devices import OWN, lines
from tests.unit.device_profiles.test_devices_talk import COUNT, NEWEST, TIME, answer, fora, frame

SETTLED = 8


def read(key: str, *frames: str, uuid: str | None = None, times: int = 1) -> list[Reading]:
    """Return what a session of these notifications gives."""
    profile = PROFILES[key]
    told = [{"uuid": uuid or profile.subscribe[0], "octets": one, "times": times} for one in frames]
    return [reading for step in play(profile, told) for reading in step.readings]


def numbers(readings: list[Reading]) -> list[list[str]]:
    return [[str(value.number) for value in one.values] for one in readings]


@pytest.mark.parametrize("profile", OWN, ids=lambda profile: profile.key)
def test_a_reading_keeps_the_octets_as_they_came(profile: Profile) -> None:
    recorded = lines(profile)
    heard = {
        (sig(one["uuid"]), bytes.fromhex(one["octets"])) for one in recorded if not one.get("end")
    }
    for step in play(profile, recorded):
        for reading in step.readings:
            assert reading.octets
            assert all((one.uuid, one.octets) in heard for one in reading.octets)


@pytest.mark.parametrize(
    ("key", "shown", "spo2", "pulse"),
    [
        # Off, although the numbers stand there: no probe, no finger, searching.
        ("berry_bm1000", "a732054862", None, None),
        ("berry_bm1000", "8732154862", None, None),
        ("berry_bm1000", "8732254862", None, None),
        ("berry_bm1000", "8732054800", None, None),
        ("berry_bm1000", "8732050062", "98", "None"),
        ("berry_bm1000", "8732057f01", "1", "127"),
        ("berry_bm1000", "8732050162", "98", "1"),
        ("contec_cms50d", "eb01064800000000", None, None),
        ("contec_cms50d", "eb01060062000000", "98", "None"),
        ("contec_cms50d", "eb0106ff62000000", "98", "None"),
        ("contec_cms50d", "eb01060101000000", "1", "1"),
        ("nonin_3150", "0a101e01f400026101ff", "97", "None"),
        ("nonin_3150", "0a101e01f40002610104", "97", "260"),
        ("nonin_3150", "0a101e01f4000261004855", "97", "72"),  # a longer frame
    ],
)
def test_what_an_oximeter_shows(key: str, shown: str, spo2: str | None, pulse: str | None) -> None:
    times = SETTLED * (100 if key == "berry_bm1000" else 1)
    made = numbers(read(key, shown, times=times))
    assert made == ([] if spo2 is None else [[spo2, pulse]])


@pytest.mark.parametrize(
    ("spo2", "pulse", "worn", "shown"),
    [
        (97, 72, 1, [["97", "72"]]),
        (97, 72, 0, []),
        (0, 72, 1, []),
        (255, 72, 1, []),
        (1, 1, 1, [["1", "1"]]),
        (97, 0, 1, [["97", "None"]]),
        (97, 254, 1, [["97", "254"]]),
        (97, 255, 1, [["97", "None"]]),
    ],
)
def test_what_an_o2ring_shows(spo2: int, pulse: int, worn: int, shown: list[list[str]]) -> None:
    data = bytes((spo2, pulse)) + bytes(9) + bytes((worn, 0))
    body = bytes.fromhex("5500ff0000") + len(data).to_bytes(2, "little") + data
    assert numbers(read("viatom_o2ring", (body + bytes((crc8(body),))).hex(), times=9)) == shown


def test_an_o2ring_that_does_not_say_whether_it_is_worn() -> None:
    data = bytes((97, 72)) + bytes(9)  # 11 octets: place 11 is missing
    body = bytes.fromhex("5500ff0000") + len(data).to_bytes(2, "little") + data
    with pytest.raises(DecodeError, match="sensors"):
        viatom_o2ring._frame(body + bytes((crc8(body),)))


def test_the_stream_of_an_oximeter_ends_at_its_last_frame_with_a_value() -> None:
    profile = PROFILES["jumper_jpd500f"]
    (uuid,) = profile.subscribe
    shown = [(97, 71), (96, 72), (0, 0)]  # SpO2, pulse
    frames = [Indication(uuid=uuid, octets=bytes((0x81, pulse, spo2, 0))) for spo2, pulse in shown]
    episode = profile.assemble()
    assert not episode.add(frames[0])
    assert not episode.add(frames[1])
    (group,) = episode.add(frames[2])
    assert group == (frames[1], frames[0], frames[2])
    assert not episode.rest()
    assert not episode.add(frames[0])
    assert episode.rest() == ((frames[0],),)
    assert episode.add(frames[2]) == ((frames[2],),)


def test_a_cuff_that_tells_no_mean_has_none() -> None:
    (reading,) = read("jumper_ha120", "fdfdfc633943")  # without the end of line
    assert [value.name for value in reading.values] == ["systolic", "diastolic", "pulse"]
    (doubled,) = read("jumper_ha120", "fdfdfcff39430d0a")  # 255 is no negative number
    assert str(doubled.values[0].number) == "255"


def test_a_sanitas_counts_plainly_up_to_what_the_standard_can_say() -> None:
    """Flags 0: neither time nor pulse. 2045 is the last number that is not special."""
    (reading,) = read("sanitas_sbm69", "00 fd07 5500 0000")
    assert [str(value.number) for value in reading.values] == ["2045", "85", "None"]
    (beyond,) = read("sanitas_sbm69", "00 fe07 5500 0000")
    assert beyond.values[0].number is None


@pytest.mark.parametrize(
    ("key", "octets", "validity"),
    [
        # A&D: 4 and 4.5 lb around 2 kg; 2.0 and 1.9 kg; 200 kg and more.
        ("aandd_uc352ble", "012800", Validity.QUESTIONABLE),
        ("aandd_uc352ble", "012d00", Validity.VALID),
        ("aandd_uc352ble", "001400", Validity.VALID),
        ("aandd_uc352ble", "001300", Validity.QUESTIONABLE),
        ("aandd_uc352ble", "00d007", Validity.VALID),
        ("aandd_uc352ble", "00d107", Validity.QUESTIONABLE),
        ("aandd_uc352ble", "013911", Validity.VALID),  # 440.9 lb
        # Xiaomi: 4.40 and 4.41 lb, 2 kg and less.
        ("xiaomi_mi_scale", "0320ea070b1407000000 00b801", Validity.QUESTIONABLE),
        ("xiaomi_mi_scale", "0320ea070b1407000000 00ba01", Validity.VALID),
        ("xiaomi_mi_scale", "0220ea070b1407000000 009001", Validity.VALID),
        ("xiaomi_mi_scale", "0220ea070b1407000000 008f01", Validity.QUESTIONABLE),
    ],
)
def test_what_a_scale_believes(key: str, octets: str, validity: Validity) -> None:
    (reading,) = read(key, octets)
    assert reading.validity is validity


@pytest.mark.parametrize(
    ("flags", "impedance", "told"),
    [
        ("0222", "f401", True),
        ("0220", "f401", False),
        ("0222", "0000", False),
        ("0222", "0100", True),
        ("0222", "b70b", True),
        ("0222", "b80b", False),
    ],
)
def test_when_a_xiaomi_has_measured_the_impedance(flags: str, impedance: str, told: bool) -> None:
    (reading,) = read("xiaomi_mi_scale", f"{flags}ea070b14070000{impedance}c43b")
    assert (len(reading.values) == 2) is told


def test_an_oximeter_whose_clock_is_not_set_tells_no_time() -> None:
    """Flags 0x11: time stamp, clock not set (PLXS 1.0, 3.2)."""
    time_stamp = "ea070b14071e05"
    (unset,) = read("choicemmed", f"11 6100 4800 {time_stamp}", uuid="2A5E")
    (set_,) = read("choicemmed", f"01 6100 4800 {time_stamp}", uuid="2A5E")
    assert unset.device_time is None
    assert str(set_.device_time) == "2026-11-20T07:30:05"


def test_a_fora_marks_with_bits_beside_the_time() -> None:
    """Minute 31 and hour 7 have their lowest bits set: these mark nothing."""
    when = fora(0x25, "74351f07")
    (plain,) = PROFILES["taidoc_fora"].readings((fora(0x26, "78005048"), when))
    assert (plain.flags, str(plain.device_time)) == ((), "2026-11-20T07:31:00")
    assert not PROFILES["fora_d40"].readings((fora(0x26, "78005048"), when))
    (failed,) = PROFILES["taidoc_fora"].readings((fora(0x26, "00005048"), fora(0x25, "74355e07")))
    assert failed.validity is Validity.INVALID
    assert failed.flags == ("systolic_absent", "irregular_pulse")


@pytest.mark.parametrize("octets", ["502578005048a52a", "512578005048a32a"])
def test_a_frame_of_a_fora_begins_and_ends_as_an_answer(octets: str) -> None:
    told = bytes.fromhex(octets)[:7]
    whole = Indication(uuid=taidoc_fora.FRAMES, octets=told + bytes((sum(told) & 0xFF,)))
    with pytest.raises(DecodeError, match="begins with 51"):
        PROFILES["taidoc_fora"].readings((whole,))


def test_a_time_of_a_fora_waits_for_its_result() -> None:
    pair = PROFILES["taidoc_fora"].assemble()
    first, second = fora(0x25, "74351e07"), fora(0x25, "74351f07")
    assert not pair.rest()
    assert not pair.add(first)
    assert pair.add(second) == ((first,),)
    assert pair.rest() == ((second,),)
    assert not pair.rest()


def test_what_the_hub_says_goes_where_it_belongs() -> None:
    verio = PROFILES["onetouch_verio"].talk(Owner())
    writes = [*verio.begin(), *verio.heard(answer(TIME)), *verio.heard(answer(NEWEST))]
    writes += verio.heard(answer(COUNT))
    assert {one.uuid for one in writes} == {onetouch_verio.COMMAND}
    (clock,) = PROFILES["taidoc_fora"].talk(Owner()).heard(fora(0x23, "74351e07"))
    assert isinstance(clock, SetClock)
    assert (clock.uuid, clock.after_s) == (taidoc_fora.FRAMES, 0.2)
    ring = Indication(uuid=viatom_o2ring.STREAM, octets=bytes.fromhex("5500ff"))
    asked = Write(viatom_o2ring.COMMAND, bytes.fromhex("aa17e8000000001b"), 1.0)
    assert PROFILES["viatom_o2ring"].talk(Owner()).heard(ring) == (asked,)
    scale = PROFILES["beurer_bf720"].talk(Owner((Consent(1, 1234), Consent(2, 77))))
    assert scale.begin() == (Write(USER_CONTROL_POINT, bytes.fromhex("0201d204")),)
    no_answer = Indication(uuid=USER_CONTROL_POINT, octets=bytes.fromhex("0201d204"))
    assert not scale.heard(no_answer)
    assert beurer_bf720.NEXT_USER_S == 5.0


def test_a_fora_counts_in_two_octets() -> None:
    talk = PROFILES["taidoc_fora"].talk(Owner())
    talk.heard(fora(0x2B, "0200ffff"))
    assert not talk.heard(fora(0x26, "78005048"))


def test_a_verio_with_one_result_is_asked_for_it() -> None:
    talk = PROFILES["onetouch_verio"].talk(Owner())
    talk.heard(answer(bytes.fromhex(frame("0601000000"))))
    asked = talk.heard(answer(bytes.fromhex(frame("060100"))))
    assert [one.octets.hex() for one in asked if isinstance(one, Write)] == ["81", frame("b30100")]


def test_edges_of_a_verio() -> None:
    profile = PROFILES["onetouch_verio"]
    assert profile.clock_told is not None
    assert profile.clock_told(answer(bytes.fromhex(frame("06a0860100")))) is None  # 100,000
    assert str(profile.clock_told(answer(bytes.fromhex(frame("06a1860100"))))) != "None"
    assert profile.sieve().keeps(answer(b"\x01\x02"))
    late = frame("06" + "000000f0" + "ffff" + "00" + "00000000")
    (reading,) = profile.readings((answer(bytes.fromhex(late)),))
    assert reading.device_time is not None
    assert (reading.device_time.year, str(reading.values[0].number)) == (2127, "65535")
    other = bytearray.fromhex(frame("0601000000"))
    other[1] = 0x03
    with pytest.raises(DecodeError, match="tells its own length"):
        profile.readings((answer(bytes(other)),))


@pytest.mark.parametrize(
    ("zone", "minutes"), [("UTC", "0000"), ("America/New_York", "d4fe"), ("Asia/Kathmandu", "5901")]
)
def test_a_contour_is_told_utc_wherever_the_hub_is(
    zone: str, minutes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")  # the machine's own zone plays no part
    time.tzset()
    try:
        local = datetime(2026, 1, 5, 8, 30, 5, tzinfo=UTC).astimezone(ZoneInfo(zone))
        said = contour_next._Clock().encode(local)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert said == bytes.fromhex("01 ea07 01 05 08 1e 05" + minutes)


def test_a_caresens_month_13_is_repaired_in_records_only() -> None:
    """A context may have 0x0D in the place where a record has its month."""
    context = Indication(uuid=sig(0x2A34), octets=bytes.fromhex("02030001000d"))
    assert caresens._repaired(context) == context
    november = Indication(uuid=sig(0x2A18), octets=bytes.fromhex("020100ea070b05071e005ab011"))
    assert caresens._repaired(november) == november


@pytest.mark.parametrize("octets", ["0732054862", "87b2054862", "8732058562"])
def test_a_packet_of_a_berry_has_bit_7_at_its_beginning_only(octets: str) -> None:
    with pytest.raises(DecodeError, match="bit 7"):
        berry_bm1000._frame(bytes.fromhex(octets))


def test_an_oximeter_without_a_finger_has_nothing_to_keep() -> None:
    profile = PROFILES["jumper_jpd500f"]
    (uuid,) = profile.subscribe
    off = Indication(uuid=uuid, octets=bytes((0x81, 0, 0, 0)))
    on = Indication(uuid=uuid, octets=bytes((0x81, 72, 97, 0)))
    later = Indication(uuid=uuid, octets=bytes((0x81, 73, 96, 0)))
    sieve = profile.sieve()
    assert [sieve.keeps(one) for one in (off, on, off, off)] == [False, True, True, False]
    episode = profile.assemble()
    assert not episode.add(on)
    assert not episode.add(later)
    assert episode.rest() == ((later, on),)


def test_a_result_without_its_context_is_no_better_than_it_was() -> None:
    """0 mg/dL is invalid; that its announced context did not come does not make it questionable."""
    profile = PROFILES["caresens"]
    record = bytes.fromhex("120400ea070b14071e0000b011")
    (reading,) = profile.readings((Indication(uuid=sig(0x2A18), octets=record),))
    assert reading.validity is Validity.INVALID
    assert "context_missing" in reading.flags
