"""Every profile reads its recording in tests/captures/devices as the recording's source says."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from device_profiles.about import Evidence
from device_profiles.errors import DecodeError
from device_profiles.profile import Profile
from device_profiles.reading import Indication
from device_profiles.registry import PROFILES
from device_profiles.replay import Step, parse, play, summary

CAPTURES = Path(__file__).parents[2] / "captures"
DEVICES = CAPTURES / "devices"
KINDS = {"device capture", "from documentation"}
# The generic profiles' octets are the published vectors, which test_captures.py reads.
OWN = [profile for profile in PROFILES.values() if profile.about.evidence is not Evidence.STANDARD]
every_model = pytest.mark.parametrize("profile", OWN, ids=lambda profile: profile.key)


def lines(profile: Profile) -> list[dict[str, Any]]:
    return parse((DEVICES / f"{profile.key}.jsonl").read_text())


def steps(profile: Profile) -> Iterator[Step]:
    return play(profile, lines(profile))


def fits(step: Step, expected: Any) -> bool:
    if isinstance(expected, dict):
        return step.error is not None and expected["error"] in step.error
    said = [summary(reading) for reading in step.readings]
    return step.error is None and len(said) == len(expected) and all(map(_says, said, expected))


def _says(said: dict[str, Any], expected: dict[str, Any]) -> bool:
    """The source may state a part only; what it states must be so, and no other flags."""
    rest = {key: value for key, value in expected.items() if key != "values"}
    told = said["values"].items() >= expected["values"].items()
    flags = said.get("flags", []) == expected.get("flags", [])
    return told and flags and all(said.get(key) == value for key, value in rest.items())


def test_every_recording_belongs_to_a_profile() -> None:
    assert {path.stem for path in DEVICES.glob("*.jsonl")} == {profile.key for profile in OWN}


@every_model
def test_every_line_gives_what_its_source_says(profile: Profile) -> None:
    wrong = [
        (step.line, [summary(reading) for reading in step.readings], step.error)
        for step in steps(profile)
        if not fits(step, step.line.get("expected", []))
    ]
    assert not wrong


@every_model
def test_every_recording_gives_a_reading_and_names_its_sources(profile: Profile) -> None:
    assert any(step.readings for step in steps(profile))
    heard = [line for line in lines(profile) if not line.get("end")]
    assert all(line["source"] and line["kind"] in KINDS for line in heard)


@every_model
def test_the_page_says_what_the_recording_is(profile: Profile) -> None:
    """A reading of a real device's octets, or the page says that none was seen."""
    captured = any(
        line.get("kind") == "device capture" and profile.about.evidence is Evidence.CAPTURE
        for line in lines(profile)
    )
    assert captured == (profile.about.evidence is Evidence.CAPTURE)


@every_model
def test_every_prefix_gives_readings_or_decode_error(profile: Profile) -> None:
    for line in lines(profile):
        octets = bytes.fromhex(line.get("octets", ""))
        for end in range(len(octets)):
            for uuid in profile.read:
                group = (Indication(uuid=uuid, octets=octets[:end]),)
                with suppress(DecodeError):
                    assert all(reading.octets == group for reading in profile.readings(group))


@every_model
def test_what_the_sieve_drops_holds_no_reading(profile: Profile) -> None:
    dropped = [step.line for step in steps(profile) if not step.kept]
    assert all(line["expected"] == [] for line in dropped)


@every_model
def test_the_page_has_what_it_needs(profile: Profile) -> None:
    assert profile.about.maker
    assert profile.about.models
    assert all(note.endswith(".") for note in profile.about.notes)
