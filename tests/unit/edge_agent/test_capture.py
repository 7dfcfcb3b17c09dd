"""A recording holds what was measured and not whose device it was."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles import gatt
from device_profiles.registry import PROFILES
from device_profiles.replay import parse, play, summary
from edge_agent.capture import DEVICE_NAME, IDENTITY, Heard, Recording, redacted
from edge_agent.decode import decode_as, decode_recording
from tests.unit.edge_agent.test_command import edge, refused

ADDRESS = "C0:FF:EE:12:34:56"
BACKWARDS = bytes.fromhex("563412eeffc0")
SERIAL = b"5161200042"
CUFF = bytes.fromhex("00780050005d00")


def recording(*heard: Heard) -> Recording:
    made = Recording(ADDRESS, "BP-Anna-0042")
    for one in heard:
        made.take(one)
    return made


def read(uuid: str, octets: bytes) -> Heard:
    return Heard(0.0, uuid, octets, read=True)


def test_a_recording_is_played_back_as_it_came() -> None:
    made = recording(
        read(gatt.MODEL_NUMBER, b"BM57"), Heard(1.234, gatt.BLOOD_PRESSURE_MEASUREMENT, CUFF)
    )
    lines = parse(made.jsonl())
    assert [line.get("uuid") for line in lines] == ["2A24", "2A35", None]
    assert lines[1]["at_s"] == 1.23
    _, step, _, _ = play(PROFILES["generic_cuff"], lines)
    assert [summary(reading)["values"]["systolic"] for reading in step.readings] == ["120 mm[Hg]"]
    assert made.text(gatt.MODEL_NUMBER) == "BM57"


@pytest.mark.parametrize("uuid", sorted(IDENTITY))
def test_what_names_a_single_device_or_person_is_not_written(uuid: str) -> None:
    assert json.loads(recording(read(uuid, b"Anna 0042")).jsonl()) == {"end": True}


@pytest.mark.parametrize(
    "secret",
    [
        *(SERIAL, SERIAL[::-1], b"BP-Anna-0042", bytes.fromhex("c0ffee123456"), BACKWARDS),
        *(b"C0FFEE123456", b"c0ffee123456"),
    ],
)
def test_serial_name_and_address_are_zeros_wherever_they_stand(secret: bytes) -> None:
    made = recording(read(gatt.SERIAL_NUMBER, SERIAL + b"\0"))
    made.take(Heard(1.0, gatt.sig(0xFFF1), b"\x01" + secret + b"\x02"))
    line = json.loads(made.jsonl().splitlines()[0])
    assert line["octets"] == (b"\x01" + bytes(len(secret)) + b"\x02").hex()
    assert line["redacted"] is True


def test_a_device_named_as_its_model_keeps_its_model() -> None:
    made = Recording(ADDRESS, "BM57")
    made.take(read(gatt.MODEL_NUMBER, b"BM57"))
    made.take(read(DEVICE_NAME, b"BM57"))
    assert json.loads(made.jsonl().splitlines()[0])["octets"] == b"BM57".hex()


@given(octets=st.binary(max_size=40), secret=st.binary(min_size=4, max_size=8))
def test_redaction_keeps_the_length_and_leaves_no_secret(octets: bytes, secret: bytes) -> None:
    left = redacted(octets + secret + octets, (secret,))
    assert len(left) == 2 * len(octets) + len(secret)
    assert secret not in left or not any(secret)


def test_decode_with_a_profile() -> None:
    said = decode_as("beurer_bm85", "2A35", "56710049000000ea07080b1438000041010000")
    (reading,) = json.loads(json.dumps(said))["readings"]
    assert reading["values"][3]["number"] == "65"
    with pytest.raises(ValueError, match="no profile 'x'; known are"):
        decode_as("x", "2A35", "00")
    with pytest.raises(ValueError, match="line 2"):
        decode_recording("generic_cuff", '{"end": true}\n{"uuid": 1}\n')


def test_the_commands_say_in_a_line_what_is_wrong(tmp_path: Path) -> None:
    there = tmp_path / "there.jsonl"
    there.write_text('{"uuid": "2A35", "octets": "00780050005d00"}\n')
    refused(edge("capture", "me", str(tmp_path / "x")), "AA:BB:CC:DD:EE:FF")
    refused(edge("capture", ADDRESS, str(there)), "exists already")
    refused(edge("capture", ADDRESS, str(tmp_path / "x"), "--profile", "x"), "generic_cuff")
    refused(edge("capture", ADDRESS, str(tmp_path / "x"), "--passkey", "12"), "six digits")
    refused(edge("decode", "--profile", "x", str(there)), "known are")
    done = edge("decode", "--profile", "generic_cuff", str(there), "--json")
    assert json.loads(done.stdout)[0]["expected"][0]["values"]["systolic"] == "120 mm[Hg]"
    assert "120 mm[Hg]" in edge("decode", "--profile", "generic_cuff", str(there)).stdout
