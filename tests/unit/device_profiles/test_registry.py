"""Rules that every profile keeps, also those that are not written yet."""

from pathlib import Path

import pytest

from device_profiles import codecs, devices, gatt
from device_profiles.about import Evidence
from device_profiles.codecs import current_time, date_time
from device_profiles.errors import DecodeError
from device_profiles.gatt import CURRENT_TIME, DATE_TIME, RECORD_ACCESS_CONTROL_POINT, sig
from device_profiles.profile import Profile
from device_profiles.reading import Indication
from device_profiles.registry import PROFILES, profile_for

CLOCKS = {CURRENT_TIME: current_time, DATE_TIME: date_time}
every_profile = pytest.mark.parametrize("profile", list(PROFILES.values()), ids=list(PROFILES))


def test_every_file_is_a_profile_of_its_name() -> None:
    (folder,) = devices.__path__
    files = {path.stem for path in Path(folder).glob("*.py")} - {"__init__"}
    assert files == set(PROFILES)
    assert all(profile.key == key for key, profile in PROFILES.items())
    assert {"generic_cuff", "generic_glucometer", "generic_oximeter"} <= files


@every_profile
def test_it_subscribes_what_it_reads_and_nothing_else(profile: Profile) -> None:
    assert set(profile.subscribe) == set(profile.read)
    assert len(set(profile.subscribe)) == len(profile.subscribe)


@every_profile
def test_every_uuid_is_whole_and_in_lower_case(profile: Profile) -> None:
    uuids = {*(match.service for match in profile.matches), *profile.subscribe, *profile.answers}
    uuids |= {profile.clock or sig(0), profile.records or sig(0)}
    assert all(uuid == sig(uuid) for uuid in uuids if uuid)


@every_profile
def test_what_it_reads_can_also_be_shown_field_by_field(profile: Profile) -> None:
    """What the Bluetooth SIG names; a maker's own characteristic is read by its profile alone."""
    named = {uuid for uuid in profile.read if uuid.endswith(gatt.BASE)}
    assert named <= set(codecs.decoders()) or profile.about.evidence is not Evidence.STANDARD


@every_profile
def test_its_clock_and_records_are_ones_that_we_can_use(profile: Profile) -> None:
    assert profile.clock is None or profile.clock in CLOCKS or profile.clock_form is not None
    assert profile.records in (None, RECORD_ACCESS_CONTROL_POINT)


@every_profile
def test_empty_octets_and_foreign_characteristics_are_decode_errors(profile: Profile) -> None:
    for uuid in (*profile.subscribe, gatt.BATTERY_LEVEL):
        with pytest.raises(DecodeError):
            profile.readings((Indication(uuid=uuid, octets=b""),))


@every_profile
def test_an_assembly_remembers_nothing_of_another_session(profile: Profile) -> None:
    assert profile.assemble() is not profile.assemble()
    assert not profile.assemble().rest()


@every_profile
def test_its_advertisement_finds_it(profile: Profile) -> None:
    for match in profile.matches:
        if match.name_prefix or not match.model:
            assert profile_for((match.service,), f"{match.name_prefix}...") is profile


def test_no_two_profiles_match_the_same_advertisement() -> None:
    matches = [match for profile in PROFILES.values() for match in profile.matches]
    assert len(set(matches)) == len(matches)


@pytest.mark.parametrize(
    ("services", "name", "key"),
    [
        ((sig(0x1810),), None, "generic_cuff"),
        ((sig(0x180F), sig(0x1810)), "BP", "generic_cuff"),
        ((sig(0x1808).upper(),), "meter", "generic_glucometer"),
        ((sig(0x1822),), "", "generic_oximeter"),
        ((sig(0x1809),), "", "generic_thermometer"),
        ((sig(0x181D),), "", "generic_scale"),
        ((sig(0x181B),), "", "generic_body_scale"),
        ((sig(0x181D), sig(0x181B)), "", "generic_body_scale"),
        ((sig(0x180D),), "strap", "generic_heart_rate"),
        ((sig(0x181F),), "", "generic_cgm"),
    ],
)
def test_generic_profiles(services: tuple[str, ...], name: str | None, key: str) -> None:
    assert profile_for(services, name) is PROFILES[key]


def test_an_unknown_device_has_no_profile() -> None:
    assert profile_for((), None) is None
    assert profile_for((sig(0x1826),), "treadmill") is None


def test_every_codec_that_makes_readings_also_shows_fields() -> None:
    assert set(codecs.readers()) <= set(codecs.decoders())


def test_every_measurement_of_a_health_service_makes_readings() -> None:
    """And what is shown only, such as the pressure in the cuff, makes none."""
    measured = ("2A35", "2A18", "2A5E", "2A5F", "2A1C", "2A9D", "2A9C", "2A37", "2AA7")
    assert {sig(uuid) for uuid in measured} == set(codecs.readers())
