"""A sieve drops nothing that gives a reading, and nothing that is indicated: docs/adr/0013."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles import gatt
from device_profiles.devices import berry_bm1000
from device_profiles.errors import DecodeError
from device_profiles.gatt import INDICATED, sig
from device_profiles.profile import Advertised, KeepAll, Profile
from device_profiles.reading import Indication, Reading
from device_profiles.registry import PROFILES
from device_profiles.replay import parse

RECORDED: Final = Path(__file__).parents[2] / "captures" / "devices"
SIEVED: Final = [profile for profile in PROFILES.values() if profile.sieve is not KeepAll]
every_sieve = pytest.mark.parametrize("profile", SIEVED, ids=lambda profile: profile.key)
# A stream is read once a minute: fewer frames than that are one episode, with or without a curve.
MOST: Final = 55
# How many notifications say the same to the one profile that thins its stream.
TIMES: Final = {"berry_bm1000": berry_bm1000.EVERY}


def recorded(profile: Profile) -> list[Indication]:
    """Return each frame of the recording once."""
    lines = parse((RECORDED / f"{profile.key}.jsonl").read_text())
    frames = [line for line in lines if not line.get("end")]
    heard = [
        Indication(uuid=sig(one["uuid"]), octets=bytes.fromhex(one["octets"])) for one in frames
    ]
    return [one for one in heard if one.uuid in profile.subscribe]


def spoilt(frame: Indication, at: int, octet: int, end: int) -> Indication:
    """Return a frame with another octet in one place, cut short."""
    octets = bytearray(frame.octets)
    if octets:
        octets[at % len(octets)] = octet
    return Indication(uuid=frame.uuid, octets=bytes(octets[: end or None]))


def frames(profile: Profile) -> st.SearchStrategy[Indication]:
    """Draw frames of the recording, spoilt ones, and any octets at all."""
    real = st.sampled_from(recorded(profile))
    octet = st.integers(0, 255)
    wrong = st.builds(spoilt, real, st.integers(0, 30), octet, st.sampled_from((0, 0, 3, 4, 8)))
    heard = st.sampled_from(profile.subscribe)
    noise = st.builds(lambda uuid, octets: Indication(uuid=uuid, octets=octets), heard, st.binary())
    return st.one_of(real, real, wrong, noise)


def readings(profile: Profile, heard: Iterable[Indication]) -> list[dict[str, Any]]:
    """Return what a session gives; of which frames a stream's reading is made does not count."""
    assembly, made = profile.assemble(), list[Reading]()
    groups = [group for one in heard for group in assembly.add(one)]
    for group in (*groups, *assembly.rest()):
        with suppress(DecodeError):
            made += profile.readings(group)
    return [reading.model_dump(exclude={"octets"}) for reading in made]


def test_the_profiles_with_a_sieve_are_those_that_stream_or_answer() -> None:
    assert {profile.key for profile in SIEVED} == {
        "berry_bm1000",
        "contec_cms50d",
        "fora_d40",
        "jumper_ha120",
        "jumper_jpd500f",
        "nonin_3150",
        "onetouch_verio",
        "taidoc_fora",
        "viatom_o2ring",
        "yonker_cuff",
    }


@every_sieve
def test_no_sieve_is_asked_about_what_is_indicated(profile: Profile) -> None:
    assert INDICATED.isdisjoint(profile.subscribe)


@pytest.mark.parametrize("uuid", sorted(INDICATED))
def test_a_profile_that_sieves_what_is_indicated_cannot_be_built(uuid: gatt.Uuid) -> None:
    with pytest.raises(ValueError, match="a sieve may drop nothing that is indicated"):
        replace(SIEVED[0], key="wrong", match=Advertised(uuid), subscribe=(uuid,))


@every_sieve
@given(data=st.data())
def test_a_frame_that_can_be_read_alone_is_kept(profile: Profile, data: st.DataObject) -> None:
    frame = data.draw(frames(profile))
    if readings(profile, [frame]):
        assert profile.sieve().keeps(frame)


@every_sieve
@given(data=st.data())
def test_the_kept_frames_give_the_same_readings_as_all(
    profile: Profile, data: st.DataObject
) -> None:
    heard = data.draw(st.lists(frames(profile), max_size=MOST))
    sieve, times = profile.sieve(), TIMES.get(profile.key, 1)
    kept = [one for one in heard for _ in range(times) if sieve.keeps(one)]
    assert readings(profile, kept) == readings(profile, heard)


@every_sieve
def test_the_recording_gives_a_reading_through_the_sieve(profile: Profile) -> None:
    heard = [one for one in recorded(profile) for _ in range(9 * TIMES.get(profile.key, 1))]
    sieve = profile.sieve()
    assert readings(profile, [one for one in heard if sieve.keeps(one)])
