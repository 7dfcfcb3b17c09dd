"""A home file that cannot be used says where it is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulators.home_file import HomeFileBroken, load

CUFF = {
    "kind": "cuff",
    "address": "aa:bb:cc:00:00:01",
    "name": "Cuff",
    "measurements": [{"device_time": "2026-11-20T08:00:00", "systolic": 132, "diastolic": 84}],
}


def with_systolic(number: str) -> dict[str, Any]:
    measurement = {"device_time": "2026-11-20T08:00:00", "systolic": number, "diastolic": 84}
    return {**CUFF, "measurements": [measurement]}


def write(tmp_path: Path, described: dict[str, Any]) -> Path:
    path = tmp_path / "home.json"
    path.write_text(json.dumps(described))
    return path


def test_a_good_file(tmp_path: Path) -> None:
    (cuff,) = load(write(tmp_path, {"seed": 1, "devices": [CUFF]})).devices
    assert cuff.address == "AA:BB:CC:00:00:01"


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ({"devices": []}, "seed: Field required"),
        ({"seed": 1, "devices": [CUFF, CUFF]}, "AA:BB:CC:00:00:01 is used more than once"),
        ({"seed": 1, "zone": "Berlin", "devices": []}, "Berlin is no time zone"),
        ({"seed": 1, "devices": [{**CUFF, "pin": "12"}]}, "devices.0.cuff.pin:"),
        ({"seed": 1, "devices": [with_systolic("132.123")]}, "132.123 has no exact medfloat16"),
        ({"seed": 1, "devices": [{**CUFF, "address": "x"}]}, "devices.0.cuff.address:"),
        (
            {"seed": 1, "devices": [{**CUFF, "measurements": [{"systolic": "132.123"}]}]},
            "device_time: Field required (and 2 more)",
        ),
    ],
)
def test_a_broken_file(tmp_path: Path, described: dict[str, Any], said: str) -> None:
    path = write(tmp_path, described)
    with pytest.raises(HomeFileBroken) as broken:
        load(path)
    assert str(broken.value).startswith(f"{path}: ")
    assert said in str(broken.value)
    assert "\n" not in str(broken.value)


def test_an_absent_file(tmp_path: Path) -> None:
    with pytest.raises(HomeFileBroken, match="No such file"):
        load(tmp_path / "absent.json")
