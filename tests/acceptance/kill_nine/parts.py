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
from simulators.programs import Program

LOOK_EVERY_S = 0.02


class Part(ABC):
    """One part; a thread of its own brings it back, as an init system would."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._back_at: float | None = None
        self._stopping, self._lock = threading.Event(), threading.RLock()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def begin(self) -> None:
        self._start()
        self._keeper.start()

    def end(self) -> None:
        self._stopping.set()
        self._keeper.join()

    def strike(self, down_s: float, *, whole: bool) -> bool:
        """Kill -9, and start again after `down_s`; False where it is down already.

        `whole`: with what makes the harm greatest, see each part.
        """
        with self._lock:
            if not self._kill(whole):
                return False
            self._back_at = time.monotonic() + down_s
        return True

    @property
    @abstractmethod
    def alive(self) -> bool: ...

    @abstractmethod
    def _start(self) -> None: ...

    @abstractmethod
    def _kill(self, whole: bool) -> bool: ...

    def _keep(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            with self._lock:
                if self._back_at is not None and time.monotonic() >= self._back_at:
                    self._back_at = None
                    self._start()


class Process(Part):
    """A program of ours. One that ends without being struck is a fault that we look for."""

    def __init__(self, name: str, program: Program) -> None:
        super().__init__(name)
        self.program = program

    def end(self) -> None:
        super().end()
        self.program.stop()

    @property
    def alive(self) -> bool:
        return self.program.running

    @property
    def fallen(self) -> bool:
        """Say whether it has ended by itself."""
        with self._lock:
            return self._back_at is None and not self.program.running

    def _start(self) -> None:
        self.program.start()

    def _kill(self, whole: bool) -> bool:  # noqa: ARG002 - it is one process
        assert not self.fallen, f"{self.name} fell by itself: {self.program.last_words()}"
        if self._back_at is not None:
            return False
        self.program.kill()
        return True


class Broker(Process):
    """Mosquitto; `whole`: its store is wiped. Otherwise it comes back as it saved itself last."""

    def __init__(self, program: Program, store: Path) -> None:
        super().__init__("broker", program)
        self._store = store

    def save(self) -> None:
        """Let it save itself now, if it has come so far that it listens to signals."""
        with self._lock:
            process = self.program.process
            if process is not None and self.alive and _catches(process.pid, signal.SIGUSR1):
                process.send_signal(signal.SIGUSR1)

    def _kill(self, whole: bool) -> bool:
        killed = super()._kill(whole)
        if killed and whole:
            self._store.unlink(missing_ok=True)
        return killed


def _catches(pid: int, number: signal.Signals) -> bool:
    """Say whether a process has a handler for a signal; proc_pid_status(5)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    caught = next(line.split()[1] for line in lines if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (number - 1) & 1)


class Postgres(Part):
    """The embedded server; `whole`: all its processes at once, and not the first alone."""

    def __init__(self, folder: Path) -> None:
        super().__init__("postgres")
        self._folder = folder

    @property
    def alive(self) -> bool:
        return bool(self._processes())

    def _start(self) -> None:
        with suppress(StorageUnavailable):
            revive(self._folder)
            if self.alive:
                return
        self._back_at = time.monotonic()

    def _kill(self, whole: bool) -> bool:
        processes = self._processes()
        for process in processes if whole else processes[:1]:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        return bool(processes)

    def _processes(self) -> list[psutil.Process]:
        try:
            first = psutil.Process(int((self._folder / "postmaster.pid").read_text().split()[0]))
            if first.status() != psutil.STATUS_ZOMBIE and "postgres" in first.name():
                return [first, *first.children(recursive=True)]
        except (OSError, IndexError, ValueError, psutil.Error):
            pass
        return []
