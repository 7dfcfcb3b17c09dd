"""Says where the two stacks differ: `python -m tests.real_bluez.compare 13`.

Needs what `make test-bluez` has left in var/. Times are not compared: an emulated processor has its
own.
"""

import asyncio
import difflib
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.real_bluez.debian import ROOT
from tests.real_bluez.play import Told, play
from tests.real_bluez.simulated import SimulatedAir
from tests.real_bluez.stories import STORIES, Story

FOLDER: Final = ROOT / "var" / "bluez-vm"


async def simulate(story: Story) -> Told:
    """Play a story on the simulated org.bluez."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        air = SimulatedAir(story.home, Path(folder), patch)
        return await play(story, air, air.bus)


def main(number: str, names: Sequence[str]) -> None:
    """Print a difference for each story that was told."""
    for line in (FOLDER / f"debian{number}.jsonl").read_text().splitlines():
        real = json.loads(line)
        if "trace" not in real or (names and real["story"] not in names):
            continue
        simulated = asyncio.run(simulate(STORIES[real["story"]]))
        print(f"\n=== {real['story']}: - real, + simulated {simulated.failure}")
        before = [text for _, text in real["trace"]]
        after = [line.text for line in simulated.trace]
        for told in _differences(before, after):
            print(told)


def _differences(real: Sequence[str], simulated: Sequence[str]) -> Iterator[str]:
    yield from list(difflib.unified_diff(real, simulated, n=2, lineterm=""))[2:]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
