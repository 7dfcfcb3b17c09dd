"""The agent itself, as a process, with a clock from 1970: TLS must wait for the time, not fail."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from edge_agent.status import read_status
from tests.fixtures.promises import Keep
from tests.integration.edge_agent.agent import Hub, hub_kit
from tests.integration.edge_agent.broker import Broker, make_broker, post, until

LIBRARIES: Final = [
    path
    for folder in ("/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu")
    for path in Path(folder).glob("faketime/libfaketime.so.1")
]
pytestmark = pytest.mark.skipif(
    not LIBRARIES, reason="libfaketime is missing: apt-get install libfaketime"
)
HOURS: Final = 3600


class Wrong:
    """The agent's wall clock, off by what a file says; its monotonic clock is let alone."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "faketime"
        self.env = {
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, seconds: float) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+.0f}\n")
        new.replace(self._file)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = make_broker(tmp_path / "broker")
    broker.start()
    yield broker
    broker.kill()


@pytest.mark.parametrize(
    "years",
    [
        pytest.param(-10, marks=pytest.mark.slow),
        pytest.param(10, marks=pytest.mark.slow),
        "1970",
    ],
)
async def test_the_uplink_waits_for_the_time_and_then_works(
    tmp_path: Path, broker: Broker, years: int | str, promise: Keep
) -> None:
    kit, wrong = hub_kit(broker), Wrong(tmp_path)
    hub = Hub.install(tmp_path, kit, broker)
    hub.env |= wrong.env | {
        "HEARTHLINE_CLOCK_TRUSTED": "auto",
        "HEARTHLINE_HEARTBEAT_SECONDS": "1",
    }
    wrong.set(60 - time.time() if years == "1970" else int(years) * 365.25 * 24 * HOURS)
    async with post(broker, kit) as gateway:
        hub.start()
        try:
            await hub.until_event("uplink_lost", 2)
            assert all("certificate" in line["error"] for line in hub.events("uplink_lost"))
            assert gateway.arrived == []
            told = read_status(hub.state)
            assert told is not None
            assert not told.clock_ok
            wrong.set(0)
            started = time.monotonic()
            await until(lambda: len(gateway.arrived) > 0, "the first envelope arrives")
            took = time.monotonic() - started
            for step in (10 * 365 * 24 * HOURS, -10 * 365 * 24 * HOURS, 0):
                wrong.set(step)
                before = len(gateway.arrived)
                await until(lambda n=before: len(gateway.arrived) > n, "and more of them")  # type: ignore[misc]
            assert hub.process is not None
            assert hub.process.poll() is None
        finally:
            assert hub.stop() == 0
    places = [(epoch, seq) for epoch, seq, _ in gateway.arrived]
    assert len(set(places)) >= 4
    assert places == sorted(places)
    promise("clock", started=str(years), connected_after_s=round(took, 1), steps_while_connected=3)
