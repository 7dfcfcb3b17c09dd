"""The parts of a site as processes that are killed and come back when the schedule says so."""

import os
import signal
import threading
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

import psutil

from gateway.errors import StorageUnavailable
from gateway.storage.database import revive
from gateway.supervisor import CHECK_EVERY_S
from simulators.programs import Program

LOOK_EVERY_S = 0.02
ONE_START = threading.Lock()  # pgserver's own holds between processes only


class Part(ABC):
    """One part; a thread of its own brings it back, as an init system would."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def begin(self) -> None:
        self._keeper.start()

    def end(self) -> None:
        self._stopping.set()
        self._keeper.join()

    @abstractmethod
    def strike(self, down_s: float, *, whole: bool) -> bool:
        """Kill -9, and start again after `down_s`; False where it is down already.

        `whole`: with what makes the harm greatest, see each part.
        """

    @abstractmethod
    def _look(self) -> None:
        """Start it if it is time."""

    def _keep(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            self._look()


class Process(Part):
    """A program of ours. One that ends without being struck is a fault that we look for."""

    def __init__(self, name: str, program: Program) -> None:
        super().__init__(name)
        self.program, self._lock = program, threading.RLock()
        self._back_at: float | None = time.monotonic()

    def end(self) -> None:
        super().end()
        self.program.stop()

    @property
    def fallen(self) -> bool:
        """Say whether it has ended by itself."""
        with self._lock:
            return self._back_at is None and not self.program.running

    def strike(self, down_s: float, *, whole: bool) -> bool:  # noqa: ARG002 - it is one process
        with self._lock:
            assert not self.fallen, f"{self.name} fell by itself: {self.program.last_words()}"
            if self._back_at is not None:
                return False
            self.program.kill()
            self._back_at = time.monotonic() + down_s
            return True

    def _look(self) -> None:
        with self._lock:
            if self._back_at is not None and time.monotonic() >= self._back_at:
                self.program.start()
                self._back_at = None


class Broker(Process):
    """Mosquitto; `whole`: its store is wiped. Otherwise it comes back as it saved itself last."""

    def __init__(self, program: Program, store: Path) -> None:
        super().__init__("broker", program)
        self._store = store

    def save(self) -> None:
        """Let it save itself now, if it has come so far that it listens to signals."""
        with self._lock:
            process = self.program.process
            if process and self.program.running and _catches(process.pid, signal.SIGUSR1):
                process.send_signal(signal.SIGUSR1)

    def strike(self, down_s: float, *, whole: bool) -> bool:
        with self._lock:
            struck = super().strike(down_s, whole=whole)
            if struck and whole:
                self._store.unlink(missing_ok=True)
            return struck


def _catches(pid: int, number: signal.Signals) -> bool:
    """Say whether a process has a handler for a signal; proc_pid_status(5)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    caught = next(line.split()[1] for line in lines if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (number - 1) & 1)


class Postgres(Part):
    """The embedded server; `whole`: all its processes at once, and not the first alone.

    It is nobody's child, so it is looked at again and again, as the gateway's supervisor does.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__("postgres")
        self._folder, self._look_at = folder, 0.0

    def strike(self, down_s: float, *, whole: bool) -> bool:
        processes = self._processes()
        for process in processes if whole else processes[:1]:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        self._look_at = time.monotonic() + down_s
        return bool(processes)

    def _look(self) -> None:
        if time.monotonic() >= self._look_at:
            with suppress(StorageUnavailable), ONE_START:
                revive(self._folder)
            self._look_at = max(self._look_at, time.monotonic() + CHECK_EVERY_S)

    def _processes(self) -> list[psutil.Process]:
        try:
            first = psutil.Process(int((self._folder / "postmaster.pid").read_text().split()[0]))
            if first.status() != psutil.STATUS_ZOMBIE and "postgres" in first.name():
                return [first, *first.children(recursive=True)]
        except (OSError, IndexError, ValueError, psutil.Error):
            pass
        return []
