"""What each process of the gateway, and the fleet itself, takes: CPU seconds and memory."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from simulators.site import Gateway


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds since its start, and memory in MB; a database's shared memory counts once."""

    cpu_s: float
    memory_mb: float

    def since(self, before: "Usage | None") -> dict[str, float]:
        """Return what was used since `before`, rounded for people."""
        cpu_s = self.cpu_s - before.cpu_s if before else self.cpu_s
        return {"cpu_s": round(cpu_s, 1), "memory_mb": round(self.memory_mb, 1)}


def usage(gateway: Gateway) -> dict[str, Usage]:
    """Return the usage of all processes by what they do."""
    found = {"fleet": _of(psutil.Process())}
    if gateway.program.process is not None:
        supervisor = psutil.Process(gateway.program.process.pid)
        found["supervisor"] = _of(supervisor)
        for child in supervisor.children():
            command = child.cmdline()
            found["broker" if "mosquitto" in command[0] else command[-1]] = _of(child)
    postmaster = _postmaster(gateway)
    if postmaster is not None:
        found["postgres"] = _family(postmaster)
    return found


def spent(before: Mapping[str, Usage], after: Mapping[str, Usage]) -> dict[str, dict[str, float]]:
    """Return what each process used in between; one that was restarted counts from its start."""
    return {name: one.since(before.get(name)) for name, one in after.items()}


def _of(process: psutil.Process) -> Usage:
    times = process.cpu_times()
    return Usage(times.user + times.system, process.memory_info().rss / 1e6)


def _postmaster(gateway: Gateway) -> psutil.Process | None:
    """Return the embedded database's first process; None where the gateway uses another one."""
    if os.environ.get("HEARTHLINE_DATABASE_URL"):
        return None
    pid_file = Path(gateway.environment["HEARTHLINE_HOME"]) / "postgres" / "postmaster.pid"
    try:
        return psutil.Process(int(pid_file.read_text().splitlines()[0]))
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def _family(parent: psutil.Process) -> Usage:
    """A process per connection: those that ended count as the parent's children."""
    family = [parent, *parent.children()]
    times = parent.cpu_times()
    cpu_s, memory = times.children_user + times.children_system, 0.0
    for process in family:
        try:
            own = process.cpu_times()
            cpu_s += own.user + own.system
            memory += process.memory_full_info().pss / 1e6
        except psutil.Error:
            continue  # it ended meanwhile
    return Usage(cpu_s, memory)
