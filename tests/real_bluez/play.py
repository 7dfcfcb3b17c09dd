"""Plays one story on one air, with our own radio, and records what was said on the bus."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integration.edge_agent.agent import CUFF
from tests.integration.edge_agent.hub_inside import HubInside
from tests.real_bluez.stage import TIMES, Air, Stage, StoryFailed
from tests.real_bluez.stories import PASSKEY, Story
from tests.real_bluez.trace import Line, read

STORY_S = 900.0


@dataclass
class Told:
    """How a story went."""

    story: str
    failure: str
    seconds: float
    steps: list[tuple[str, float]]
    trace: list[Line]

    def plain(self) -> dict[str, object]:
        """Return it as JSON can tell it."""
        return {**vars(self), "trace": [(line.at, line.text) for line in self.trace]}


async def play(story: Story, air: Air, bus: str) -> Told:
    """Play it; `bus` is the address of the system bus."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hub = HubInside(folder, *story.addresses, times=TIMES, passkeys={CUFF: PASSKEY}, quiet_s=10)
        failure, stage = "", Stage(air, hub)
        try:
            await air.bring(story.home)
            async with _recorded(bus, folder / "bus.pcap"), hub, asyncio.timeout(STORY_S):
                await story.play(stage)
        except (StoryFailed, TimeoutError) as error:
            failure = str(error) or type(error).__name__
        finally:
            await air.clear()
        recorded = folder / "bus.pcap"
        trace = read(recorded) if recorded.exists() else []
    forbidden = [line for line in trace if "RemoveDevice" in line.text]
    failure = failure or ("the agent called RemoveDevice" if forbidden else "")
    return Told(story.name, failure, round(time.monotonic() - started, 1), stage.steps, trace)


@asynccontextmanager
async def _recorded(bus: str, path: Path) -> AsyncIterator[None]:
    with path.open("wb") as out:
        monitor = await asyncio.create_subprocess_exec(
            "dbus-monitor", "--address", bus, "--pcap", stdout=out
        )
    try:
        # Its header says that it listens.
        while path.stat().st_size == 0:  # noqa: ASYNC110, ASYNC240 - there is no event
            await asyncio.sleep(0.05)
        yield
    finally:
        monitor.terminate()
        await monitor.wait()
