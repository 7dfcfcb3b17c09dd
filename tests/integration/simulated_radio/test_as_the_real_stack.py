"""The simulated org.bluez says what the real one said, in the same order.

The files in real/ are what bluetoothd 5.82 on Linux 6.12 (Debian 13) said in `make test-bluez`;
docs/adr/0014 has what differs on purpose.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.real_bluez.play import play
from tests.real_bluez.simulated import SimulatedAir
from tests.real_bluez.stories import STORIES
from tests.real_bluez.trace import essence

RECORDED: Final = Path(__file__).parent / "real"


PAIRABLE = "tell  Adapter1: Pairable=yes"


@pytest.mark.parametrize("name", ["passkey", "bond_lost_by_device"])
async def test_the_same_story_is_told_alike(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    air = SimulatedAir(STORIES[name].home, tmp_path, monkeypatch)
    told = await play(STORIES[name], air, air.bus)
    assert told.failure == ""
    real = (RECORDED / f"{name}.txt").read_text().splitlines()
    ours = essence(line.text for line in told.trace)
    assert PAIRABLE in ours
    assert _without_race(ours) == _without_race(real)


def _without_race(told: Sequence[str]) -> list[str]:
    """Leave out what follows an answer at once: the client's next call may come before it."""
    return [line for line in told if line != PAIRABLE]
