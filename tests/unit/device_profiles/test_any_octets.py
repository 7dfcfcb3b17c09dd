"""Any octets at all give fields and readings, or a DecodeError; nothing else ever comes out."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.codecs import decoders, fields
from device_profiles.errors import DecodeError
from device_profiles.profile import Profile
from device_profiles.reading import Indication, Reading
from device_profiles.registry import PROFILES

# Octets near a real message, so that more of them get past the length checks.
OCTETS = st.binary(max_size=24) | st.builds(
    lambda flags, date, rest: bytes((flags,)) + date + rest,
    st.integers(0, 31),
    st.sampled_from((b"", bytes.fromhex("0100e40704 0d10260a"), bytes.fromhex("60006000"))),
    st.binary(max_size=16),
)


READS = [
    pytest.param(profile, uuid, id=f"{profile.key}-{uuid[4:8]}")
    for profile in PROFILES.values()
    for uuid in profile.read
]


def outcome(call: Callable[[], Any]) -> Any:
    """Return what comes out, or None for a DecodeError; that has one line for a person."""
    try:
        return call()
    except DecodeError as error:
        said = str(error)
    assert len(said.splitlines()) == 1
    return None


@pytest.mark.parametrize("uuid", sorted(decoders()))
@given(octets=OCTETS)
def test_any_octets_give_fields_or_decode_error(uuid: str, octets: bytes) -> None:
    said = outcome(lambda: fields(uuid, octets))
    assert said is None or json.loads(json.dumps(said, allow_nan=False)) == said


@pytest.mark.parametrize(("profile", "uuid"), READS)
@given(octets=OCTETS)
def test_any_octets_give_readings_or_decode_error(
    profile: Profile, uuid: str, octets: bytes
) -> None:
    group = (Indication(uuid=uuid, octets=octets),)
    made = outcome(lambda: profile.readings(group))
    # A CGM notification may hold several records, each with octets of its own.
    assert not made or b"".join(reading.octets[0].octets for reading in made) == octets
    for reading in made or ():
        assert Reading.model_validate_json(reading.model_dump_json()) == reading


@pytest.mark.parametrize("profile", list(PROFILES.values()), ids=list(PROFILES))
@given(data=st.data())
def test_an_assembly_neither_loses_nor_doubles_an_indication(
    profile: Profile, data: st.DataObject
) -> None:
    uuids = st.sampled_from((*profile.subscribe, "00002a19-0000-1000-8000-00805f9b34fb"))
    came = data.draw(st.lists(st.builds(Indication, uuid=uuids, octets=OCTETS), max_size=8))
    assembly = profile.assemble()
    groups = [group for indication in came for group in assembly.add(indication)]
    groups += assembly.rest()
    left = sorted(came, key=repr)
    assert sorted((one for group in groups for one in group), key=repr) == left
    assert not assembly.rest()
    for group in groups:
        outcome(lambda group=group: profile.readings(group))  # type: ignore[misc]
