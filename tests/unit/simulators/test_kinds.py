"""Every kind of simulated device, found by walking, is one that its generic profile knows."""

from typing import Any, get_args

import pytest

from device_profiles.registry import PROFILES
from simulators.home_file import HomeFile
from simulators.peripherals.any import KINDS, AnyPeripheral, build
from simulators.peripherals.peripheral import World
from simulators.site import PROFILES as PROFILE_OF

every_kind = pytest.mark.parametrize("kind", KINDS)
# What a kind asks for besides what all have.
MORE: dict[str, dict[str, Any]] = {"cgm": {"session_start": "2026-11-20T08:00:00"}}


def device(kind: str) -> AnyPeripheral:
    entry = {"kind": kind, "address": "AA:BB:CC:00:00:01", "name": kind, **MORE.get(kind, {})}
    home = HomeFile.model_validate({"seed": 1, "devices": [entry]})
    return build(home.devices[0], World(home.timezone, 1.0, lambda _: None))


def test_the_kinds() -> None:
    assert {"cuff", "glucometer", "oximeter", "scale", "body_scale"} <= KINDS.keys()
    assert {"thermometer", "cgm"} <= KINDS.keys()
    assert dict(PROFILE_OF) == {name: kind.profile for name, kind in KINDS.items()}


@every_kind
def test_a_kind_is_named_as_its_file(kind: str) -> None:
    assert get_args(KINDS[kind].spec.model_fields["kind"].annotation) == (kind,)


@every_kind
def test_its_profile_finds_all_that_it_subscribes(kind: str) -> None:
    profile, simulated = PROFILES[KINDS[kind].profile], device(kind)
    there = {one.uuid: one for service in simulated.services() for one in service.characteristics}
    heard = [uuid for uuid in profile.subscribe if uuid in there]
    assert heard
    assert all(there[uuid].notifies for uuid in heard)
    assert simulated.service == profile.match.service
    assert simulated.service in {service.uuid for service in simulated.services()}
    if profile.records is not None:
        assert {"write", "indicate"} <= set(there[profile.records].flags)
    if profile.clock is not None:
        assert {"read", "write"} <= set(there[profile.clock].flags)


@every_kind
def test_what_can_be_read_has_a_value(kind: str) -> None:
    simulated = device(kind)
    values = simulated.values()
    for service in simulated.services():
        for one in service.characteristics:
            if "read" in one.flags and one.uuid in values:
                assert values[one.uuid]


def test_a_session_holds_its_measurements() -> None:
    early = {"device_time": "2026-11-20T07:59:00", "glucose": 100}
    entry = {"kind": "cgm", "address": "AA:BB:CC:00:00:01", "name": "x", **MORE["cgm"]}
    with pytest.raises(ValueError, match="a measurement before session_start"):
        HomeFile.model_validate({"seed": 1, "devices": [{**entry, "measurements": [early]}]})


def test_a_body_composition_needs_fat() -> None:
    entry = {"kind": "body_scale", "address": "AA:BB:CC:00:00:01", "name": "x"}
    stood = {"device_time": "2026-11-20T08:00:00", "weight": 80, "muscle": 40}
    with pytest.raises(ValueError, match="a body composition needs fat"):
        HomeFile.model_validate({"seed": 1, "devices": [{**entry, "measurements": [stood]}]})
