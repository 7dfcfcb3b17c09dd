"""A whole run: a gateway, years of readings, an export that a program asks for and downloads."""

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx

from simulators.alerting_load.seen import database_url
from simulators.export_load.fill import fill
from simulators.fleet.usage import spent, usage
from simulators.programs import ProgramFailed
from simulators.site import Gateway, free_port

READY_WITHIN_S: Final = 90.0
LIMIT_S: Final = 60.0
GIVE_UP_S: Final = 600.0
GROWTH_MB: Final = 64.0
LOOK_EVERY_S: Final = 0.2


def run(readings: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Run it and return the figures. Raises ProgramFailed where it cannot be measured."""
    with ExitStack() as running:
        folder = running.enter_context(tempfile.TemporaryDirectory(prefix="hearthline-export-"))
        gateway = Gateway(Path(folder), free_port(), console_port=free_port())
        tell("starting a gateway")
        gateway.call("migrate")
        running.callback(gateway.program.stop)
        gateway.program.start()
        gateway.wait_until_ready(READY_WITHIN_S)
        tell(f"writing {readings} readings")
        organisation = UUID(gateway.call("organisation", "add", "Load clinic")["id"])
        key = fill(database_url(gateway), organisation, readings)
        origin = f"http://localhost:{gateway.environment['HEARTHLINE_CONSOLE_PORT']}"
        headers = {"Authorization": f"Bearer {key}"}
        client = httpx.Client(base_url=origin, headers=headers, timeout=60)
        running.enter_context(client)
        tell("exporting")
        return _measured(gateway, client, readings)


def _measured(gateway: Gateway, client: httpx.Client, readings: int) -> dict[str, Any]:
    before, began = usage(gateway), time.monotonic()
    asked = client.get("/fhir/$export", headers={"Prefer": "respond-async"})
    if asked.status_code != 202:
        raise ProgramFailed(f"The console takes no export ({asked.status_code}).")
    most, where = 0.0, asked.headers["content-location"]
    while (told := client.get(where)).status_code == 202:
        most = max(most, usage(gateway)["worker"].memory_mb)
        if time.monotonic() - began > GIVE_UP_S:
            raise ProgramFailed("The export does not end.")
        time.sleep(LOOK_EVERY_S)
    if told.status_code != 200:
        raise ProgramFailed(f"The export has failed ({told.status_code}).")
    took = time.monotonic() - began
    files = {each["type"]: each for each in told.json()["output"]}
    began = time.monotonic()
    lines, octets = _download(client, files["Observation"]["url"])
    grown = most - before["worker"].memory_mb
    return {
        "readings": readings,
        "observations": lines,
        "file_mb": round(octets / 1e6, 1),
        "export_s": round(took, 1),
        "limit_s": LIMIT_S,
        "download_s": round(time.monotonic() - began, 1),
        "worker_memory_grew_mb": round(grown, 1),
        "load_average": os.getloadavg()[0],
        "processes": spent(before, usage(gateway)),
        "problems": _problems(took, grown, lines, files["Observation"]["count"]),
    }


def _download(client: httpx.Client, url: str) -> tuple[int, int]:
    lines = octets = 0
    with client.stream("GET", url) as answer:
        for part in answer.iter_bytes():
            lines, octets = lines + part.count(b"\n"), octets + len(part)
    return lines, octets


def _problems(took: float, grown: float, lines: int, count: int) -> list[str]:
    found = [f"it took {took:.1f} s, limit {LIMIT_S:.0f}"] if took > LIMIT_S else []
    if grown > GROWTH_MB:
        found.append(f"the worker grew by {grown:.0f} MB, limit {GROWTH_MB:.0f}")
    return [*found, f"{count} were told, {lines} came"] if lines != count else found
