"""Measures the spine at normal load: one home, some paired devices, one measurement at a time.

From the last indication of a measurement at the hub to the gateway's receipt there, and the
resident memory of the agent, each beside its limit.
"""

import json
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil

from simulators.bench_home import EVERY_S, bench_home
from simulators.demo.watching import Watching
from simulators.programs import ProgramFailed
from simulators.site import Gateway, Home, Resident, free_port

RECEIPT_LIMIT_MS: Final = 300.0
MEMORY_LIMIT_MB: Final = 60.0
LEFT_OVER_S: Final = 40.0


def run(readings: int, devices: int) -> dict[str, Any]:
    """Return the figures. Raises ProgramFailed where not every reading arrives."""
    with tempfile.TemporaryDirectory(prefix="hearthline-bench-") as folder, ExitStack() as running:
        gateway = Gateway(Path(folder), free_port())
        since = datetime.now(UTC) - timedelta(days=2)
        person = Resident("Bench Person", bench_home(devices, readings))
        (home,) = gateway.register([person], since)
        running.callback(gateway.program.stop)
        gateway.program.start()
        gateway.wait_until_ready(30)
        watching = Watching(gateway, None)
        running.callback(watching.stop)
        watching.start()
        running.callback(home.stop)
        home.start_radio()
        home.start_agent()
        planned = devices * readings
        watching.wait_for(lambda new: new >= planned, planned * EVERY_S + LEFT_OVER_S)
        if watching.counts["stored"] < planned:
            raise ProgramFailed(f"{watching.counts['stored']} of {planned} readings arrived.")
        return {"devices": devices, **_figures(gateway, home, watching)}


def _figures(gateway: Gateway, home: Home, watching: Watching) -> dict[str, Any]:
    agent = home.agent.process if home.agent else None
    memory = psutil.Process(agent.pid).memory_info().rss / 1e6 if agent else float("nan")
    return {
        "readings": watching.counts["stored"],
        "indicated_to_receipt_ms": _spread(_receipt_ms(home, watching)),
        "indicated_to_receipt_limit_ms": RECEIPT_LIMIT_MS,
        "indicated_to_stored_ms": _spread(watching.stored_ms),
        "indicated_to_evaluated_ms": _spread(watching.evaluated_ms),
        "agent_resident_mb": round(memory, 1),
        "agent_resident_limit_mb": MEMORY_LIMIT_MB,
        "gateway_resident_mb": _family(gateway),
    }


def _receipt_ms(home: Home, watching: Watching) -> list[float]:
    """Pair each reading with the next receipt that the hub's log tells after its storing."""
    lines = home.agent.log.read_text().splitlines() if home.agent else []
    events = [json.loads(line) for line in lines if '"receipted"' in line]
    receipts = sorted(datetime.fromisoformat(event["at"]) for event in events)
    delays = []
    for received, stored in watching.times:
        after = next((at for at in receipts if at >= stored), None)
        if after is not None:
            delays.append((after - received).total_seconds() * 1000)
    return delays


def _spread(milliseconds: Sequence[float]) -> dict[str, float]:
    p50, p95, p99 = np.percentile(milliseconds, [50, 95, 99])
    most = max(milliseconds)
    spread = {"p50": p50, "p95": p95, "p99": p99, "max": most}
    return {name: round(float(value), 1) for name, value in spread.items()}


def _family(gateway: Gateway) -> dict[str, float]:
    """Return the resident memory of the gateway's processes in MB, by what they do."""
    process = gateway.program.process
    if process is None:
        return {}
    named = {"supervisor": psutil.Process(process.pid)}
    for child in named["supervisor"].children():
        command = child.cmdline()
        named["broker" if "mosquitto" in command[0] else command[-1]] = child
    return {name: round(one.memory_info().rss / 1e6, 1) for name, one in named.items()}
