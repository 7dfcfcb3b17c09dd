"""`make test-bluez`: all stories on the real kernel and bluetoothd, in a machine without KVM."""

import json
import os
import shutil
from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.real_bluez import machine
from tests.real_bluez.debian import RELEASES, ROOT, Missing
from tests.real_bluez.stories import STORIES

FOLDER: Final = ROOT / "var" / "bluez-vm"
WANTED: Final = os.environ.get("HEARTHLINE_TEST_BLUEZ_VM", "").split(",")
CHOSEN: Final = os.environ.get("HEARTHLINE_TEST_BLUEZ_STORIES", ",".join(STORIES)).split(",")
# Older kernels fault where the device has lost its keys, and take the machine along.
LAST: Final = "bond_lost_by_device"


@pytest.mark.timeout(0)
@pytest.mark.parametrize("number", sorted(RELEASES, reverse=True))
def test_all_stories(number: int) -> None:
    if str(number) not in WANTED:
        pytest.skip("only by make test-bluez")
    for program in (machine.QEMU, "mmdebstrap"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    told = _play(number)
    _print(number, told)
    failed = {name: how for name, how in told.items() if how.get("failure")}
    assert not failed, {name: how["failure"] for name, how in failed.items()}


def _play(number: int) -> dict[str, dict[str, Any]]:
    """Play all in one machine; what follows a kernel fault would be lost."""
    names = sorted(CHOSEN, key=LAST.__eq__)
    try:
        lines = machine.run(RELEASES[number], names, FOLDER).read_text().splitlines()
    except Missing as error:
        pytest.skip(str(error))
    told = {}
    for line in lines:
        plain = json.loads(line)
        if "story" in plain:
            told[plain["story"]] = plain
        elif "versions" in plain:
            print(f"\nDebian {number}: {plain['versions']}")
    missing = {"failure": "the machine ended"}
    told.update((name, missing) for name in names if name not in told)
    return told


def _print(number: int, told: Mapping[str, Mapping[str, Any]]) -> None:
    for name, how in told.items():
        result = "FAILED" if how["failure"] else "passed"
        print(f"Debian {number}  {name:26} {result}  {how.get('seconds', '')} s")
        for step, at in how.get("steps", ()):
            print(f"{'':14}{at:8.1f} s  {step}")
