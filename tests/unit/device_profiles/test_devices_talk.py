"""What the hub says to devices that do not speak unasked, word for word."""

import binascii
import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from device_profiles.devices import contour_next, onetouch_verio, taidoc_fora, viatom_o2ring
from device_profiles.errors import DecodeError
from device_profiles.gatt import USER_CONTROL_POINT, sig
from device_profiles.identity import reading_id
from device_profiles.reading import Indication
from device_profiles.registry import PROFILES
from device_profiles.replay import parse
from device_profiles.talk import Consent, Owner, Said, SetClock, Write
from tests.fixtures.hub import arrival
from tests.unit.device_profiles.test_devices import DEVICES

RECORDED = [
    bytes.fromhex(line["octets"]) for line in parse((DEVICES / "onetouch_verio.jsonl").read_text())
]
NEWEST, COUNT, RECORD = RECORDED[1:4]  # the newest is 312, there are two
TIME, DONE = RECORDED[-2:]


def answer(octets: bytes) -> Indication:
    return Indication(uuid=onetouch_verio.ANSWER, octets=octets)


def frame(payload: str) -> str:
    told = bytes.fromhex(payload)
    body = bytes((2, len(told) + 7, 0, 3)) + told + b"\x03"
    return (b"\x01" + body + struct.pack("<H", binascii.crc_hqx(body, 0xFFFF))).hex()


def said(writes: Sequence[Said]) -> list[str]:
    return [one.octets.hex() if isinstance(one, Write) else "clock" for one in writes]


def test_a_verio_is_asked_for_its_newest_records_one_by_one() -> None:
    """The frames are as tidepool-org/uploader builds them, the checksums Python's own."""
    talk = PROFILES["onetouch_verio"].talk(Owner())
    assert said(list(talk.begin())) == [frame("2002")]
    assert said(talk.heard(answer(b"\x81"))) == []
    *_, newest = writes = talk.heard(answer(TIME))
    assert said(writes) == ["81", "clock", frame("0a0206")]
    assert newest.after_s == 1.0  # whatever the meter says to its new time
    assert said(talk.heard(answer(DONE))) == []
    assert said(list(talk.heard(answer(b"\x81")))) == []
    assert said(list(talk.heard(answer(NEWEST)))) == ["81", frame("2700")]
    first = said(list(talk.heard(answer(COUNT))))
    assert first == ["81", frame("b33801")]  # 312
    second = said(list(talk.heard(answer(RECORD))))
    assert second == ["81", frame("b33701")]  # 311
    assert said(list(talk.heard(answer(RECORD)))) == ["81"]


def test_a_verio_tells_and_takes_its_time() -> None:
    """Seconds since 1999-12-31 23:59:59: 848475006 is 2026-11-20 07:30:05, the recorded stamp."""
    profile = PROFILES["onetouch_verio"]
    assert profile.clock_told is not None
    assert str(profile.clock_told(answer(TIME))) == "2026-11-20T07:30:05"
    assert [profile.clock_told(answer(one)) for one in (NEWEST, COUNT, RECORD, DONE)] == [None] * 4
    _, setting, _ = profile.talk(Owner()).heard(answer(TIME))
    assert isinstance(setting, SetClock)
    local = datetime(2026, 11, 20, 7, 30, 5, 900_000, tzinfo=ZoneInfo("Europe/Vienna"))
    assert setting.octets(local).hex() == frame("2001" + (848_475_006).to_bytes(4, "little").hex())


def test_a_caresens_is_told_the_time_where_it_takes_it() -> None:
    """C0 03 01 00, then a Date Time (xDrip, i-SENS's sample for iOS)."""
    profile = PROFILES["caresens"]
    first, second = profile.talk(Owner()).begin()
    assert isinstance(first, SetClock)
    assert isinstance(second, SetClock)
    assert (first.uuid, second.uuid) == profile.answers
    local = datetime(2026, 11, 20, 7, 30, 5, tzinfo=ZoneInfo("Europe/Vienna"))
    assert first.octets(local) == bytes.fromhex("c0030100 ea07 0b 14 07 1e 05")


def test_an_aviva_connect_has_a_date_time() -> None:
    assert PROFILES["accu_chek_connect"].clock == sig(0x2A08)
    assert PROFILES["accu_chek"].clock == sig(0x2A2B)


def test_a_verio_without_records_is_left_alone() -> None:
    talk = PROFILES["onetouch_verio"].talk(Owner())
    talk.begin()
    nothing = onetouch_verio._frame(b"\x06\0\0")
    assert said(list(talk.heard(answer(nothing)))) == ["81"]


def test_an_o2ring_is_asked_again_a_second_after_each_answer() -> None:
    talk = PROFILES["viatom_o2ring"].talk(Owner())
    (first,) = talk.begin()
    assert first == Write(viatom_o2ring.COMMAND, bytes.fromhex("aa17e8000000001b"))
    whole = Indication(uuid=viatom_o2ring.STREAM, octets=b"\x55" + bytes(19))
    rest = Indication(uuid=viatom_o2ring.STREAM, octets=b"\x01")
    assert [write.after_s for write in talk.heard(whole)] == [1.0]
    assert not talk.heard(rest)


def test_a_contec_is_started() -> None:
    talk = PROFILES["contec_cms50d"].talk(Owner())
    assert said(list(talk.begin())) == ["9b011c"]
    assert not talk.heard(Indication(uuid=viatom_o2ring.STREAM, octets=b""))


def fora(command: int, data: str) -> Indication:
    body = bytes((0x51, command)) + bytes.fromhex(data) + b"\xa5"
    return Indication(uuid=taidoc_fora.FRAMES, octets=body + bytes((sum(body) & 0xFF,)))


def test_a_fora_is_asked_for_one_result_after_the_other() -> None:
    """The sums are those of public descriptions of FORA's devices: 19, 1a and 1f."""
    talk = PROFILES["taidoc_fora"].talk(Owner())
    begin = talk.begin()
    assert said(begin) == [
        "512300000000a317",
        "512500000000a319",
        "512600000000a31a",
        "512b00000000a31f",
    ]
    assert {one.after_s for one in begin} == {0.2}
    assert {one.uuid for one in begin} == {taidoc_fora.FRAMES}
    assert said(talk.heard(fora(0x25, "74351e07"))) == []
    assert said(talk.heard(fora(0x26, "78005048"))) == []  # the newest; the count is to come
    assert said(talk.heard(fora(0x2B, "03000000"))) == ["512501000000a31a", "512601000000a31b"]
    assert said(talk.heard(fora(0x26, "78005048"))) == ["512502000000a31b", "512602000000a31c"]
    assert said(talk.heard(fora(0x26, "78005048"))) == []


def test_a_fora_with_many_results_is_asked_for_fifty() -> None:
    talk = PROFILES["taidoc_fora"].talk(Owner())
    asked = said(talk.heard(fora(0x2B, "2c010000")))
    while more := said(talk.heard(fora(0x26, "78005048"))):
        asked += more
    assert len(asked) == 2 * 49  # and the newest before them
    assert asked[-1].startswith("51263100")


def test_a_fora_tells_and_takes_its_time() -> None:
    """Days in 16 bits (7 year, 4 month, 5 day), minute, hour (glucometerutils td42xx)."""
    profile = PROFILES["taidoc_fora"]
    assert profile.clock_told is not None
    assert str(profile.clock_told(fora(0x23, "74351e07"))) == "2026-11-20T07:30:00"
    assert profile.clock_told(fora(0x25, "74351e07")) is None
    (setting,) = profile.talk(Owner()).heard(fora(0x23, "74351e07"))
    assert isinstance(setting, SetClock)
    local = datetime(2026, 11, 20, 7, 30, 59, tzinfo=ZoneInfo("Europe/Vienna"))
    assert setting.octets(local) == bytes.fromhex("5133 74351e07 a3 f5")


def test_two_equal_results_of_a_fora_are_two() -> None:
    """A result says no time; its other message does."""
    result = fora(0x26, "78005048")
    told = [
        PROFILES["taidoc_fora"].readings((result, fora(0x25, when)))[0]
        for when in ("74351e07", "74351f07", "74351e07")
    ]
    first, other, again = (reading_id(one, arrival(n)) for n, one in enumerate(told))
    assert first == again != other


def test_a_body_scale_is_told_who_gave_consent_one_after_the_other() -> None:
    talk = PROFILES["beurer_bf720"].talk(Owner((Consent(1, 1234), Consent(2, 77))))
    assert said(list(talk.begin())) == ["0201d204"]
    agreed = Indication(uuid=USER_CONTROL_POINT, octets=bytes.fromhex("200201"))
    (second,) = talk.heard(agreed)
    assert second == Write(USER_CONTROL_POINT, bytes.fromhex("02024d00"), 5.0)
    assert not talk.heard(agreed)
    assert not PROFILES["beurer_bf720"].talk(Owner()).begin()


def test_a_contour_is_told_utc_and_the_offset_of_the_home() -> None:
    """1, u16 year, month, day, hour, minute, second, s16 minutes (weliem/blessed-kotlin)."""
    form = PROFILES["contour_next"].clock_form
    assert form is not None
    local = datetime(2026, 7, 1, 8, 30, 5, tzinfo=UTC).astimezone(ZoneInfo("Europe/Vienna"))
    octets = form.encode(local)
    assert octets == struct.pack("<BH5Bh", 1, 2026, 7, 1, 8, 30, 5, 120)
    assert str(form.decode(octets).timestamp) == "2026-07-01T10:30:05"
    with pytest.raises(DecodeError):
        form.decode(octets[:-1])
    assert PROFILES["contour_next"].clock == contour_next.CLOCK


def test_an_omron_keeps_its_time() -> None:
    assert not PROFILES["omron_1810"].sets_clock
    assert PROFILES["omron_1810"].clock is not None
