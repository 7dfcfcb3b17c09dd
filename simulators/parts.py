"""The parts of a running gateway as processes: broker, ingest, worker, database; to be struck."""

import json
import signal
import time
from contextlib import suppress
from typing import Final, Literal

import psutil

from simulators.programs import ProgramFailed
from simulators.site import Gateway

Part = Literal["broker", "ingest", "worker", "database"]
BACK_WITHIN_S: Final = 60.0


def processes(gateway: Gateway, part: Part) -> list[psutil.Process]:
    """Return the living processes of a part; none while it is on its way back."""
    pid = _postmaster(gateway) if part == "database" else _child(gateway, part)
    if pid is None:
        return []
    with suppress(psutil.NoSuchProcess):
        first = psutil.Process(pid)
        if first.status() != psutil.STATUS_ZOMBIE:
            return [first, *first.children(recursive=True)]
    return []


def kill(gateway: Gateway, part: Part) -> None:
    """End a part as kill -9 does; the gateway brings it back. Raises ProgramFailed."""
    _wait_for(gateway, part)[0].send_signal(signal.SIGKILL)


def wipe_broker(gateway: Gateway) -> None:
    """Kill the broker and delete all that it kept."""
    kill(gateway, "broker")
    (gateway.folder / "gateway" / "broker" / "mosquitto.db").unlink(missing_ok=True)


def pause(gateway: Gateway, part: Part) -> None:
    """Let a part stand still: connections to it stay open and nothing answers."""
    for process in _wait_for(gateway, part):
        with suppress(psutil.NoSuchProcess):
            process.suspend()


def go_on(gateway: Gateway, part: Part) -> None:
    """Let a paused part go on."""
    for process in processes(gateway, part):
        with suppress(psutil.NoSuchProcess):
            process.resume()


def _wait_for(gateway: Gateway, part: Part) -> list[psutil.Process]:
    end = time.monotonic() + BACK_WITHIN_S
    while time.monotonic() < end:
        found = processes(gateway, part)
        if found:
            return found
        time.sleep(0.05)
    raise ProgramFailed(f"The gateway's {part} does not run: {gateway.program.last_words()}")


def _child(gateway: Gateway, name: str) -> int | None:
    """Return the process id as the log of `all` told it last."""
    lines = gateway.program.log.read_text().splitlines()
    started = [json.loads(line) for line in lines if '"child_started"' in line]
    return next((int(one["pid"]) for one in reversed(started) if one["child"] == name), None)


def _postmaster(gateway: Gateway) -> int | None:
    file = gateway.folder / "gateway" / "postgres" / "postmaster.pid"
    with suppress(FileNotFoundError, IndexError, ValueError):
        return int(file.read_text().splitlines()[0])
    return None
