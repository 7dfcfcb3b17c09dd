"""A live home around one device of any kind, and the hub's radio half beside it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from tests.integration.edge_agent.hub_inside import HubInside
from tests.integration.simulated_radio.live import LiveHome, live_home

ZONE: Final = "Europe/Vienna"
BRISK: Final = {"window_s": 20, "again_s": 0.2, "hang_up_s": 0.1, "idle_s": 3}


def wall(minutes_ago: float) -> str:
    """A moment on the home's wall clock, as HOME.json writes it."""
    now = datetime.now(ZoneInfo(ZONE)) - timedelta(minutes=minutes_ago)
    return now.replace(tzinfo=None, microsecond=0).isoformat()


@asynccontextmanager
async def hub_and_device(
    kind: str,
    address: str,
    measurements: list[dict[str, Any]],
    folder: Path,
    patch: pytest.MonkeyPatch,
    **more: Any,
) -> AsyncIterator[tuple[HubInside, LiveHome]]:
    """Run both."""
    device = {"kind": kind, "address": address, "name": f"Sim {kind}", "behaviour": BRISK, **more}
    plain = {"seed": 1, "zone": ZONE, "devices": [{**device, "measurements": measurements}]}
    with live_home(plain, folder, patch) as home:
        async with HubInside(folder, address) as hub:
            yield hub, home
