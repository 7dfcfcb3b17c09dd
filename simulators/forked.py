"""Commands of the gateway by the dozen: each its own process, forked from one that has them loaded.

A command that is started by itself loads its libraries for 0.6 s of CPU; tests, scenarios and the
demo ask for dozens. What is run is the same, by the same arguments and environment
(gateway/cli/forked.py).
"""

import atexit
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

# What only a program that is started anew obeys.
AT_THE_START: Final = ("LD_", "PYTHON", "LC_", "LANG")


class Done(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    output: str
    errors: str


class Forked:
    """The process that is forked; it is started when it is first asked, and ends with this one."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._lock = threading.Lock()
        self._ours: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, arguments: Sequence[str], environment: Mapping[str, str]) -> Done:
        """Run a command to its end. Raises OSError where it cannot be asked for."""
        told = {
            "arguments": list(arguments),
            "environment": dict(environment),
            "folder": str(Path.cwd()),
        }
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            code = self._ask(json.dumps(told).encode(), [output.fileno(), errors.fileno()])
            output.seek(0)
            errors.seek(0)
            return Done(code, output.read().decode(), errors.read().decode(errors="replace"))

    def _ask(self, message: bytes, files: list[int]) -> int:
        told, tells = os.pipe()
        with os.fdopen(told, "rb") as answer:
            with os.fdopen(tells, "wb"):
                socket.send_fds(self._socket(), [message], [*files, tells])
            code = answer.read(16)
        if not code:
            raise ConnectionResetError("the process that is forked has ended")
        return int(code)

    def _socket(self) -> socket.socket:
        """Return our end; a process that has ended is started again."""
        with self._lock:
            if self._ours is None or self._process is None or self._process.poll() is not None:
                self.close()
                self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                with theirs:
                    self._process = subprocess.Popen(
                        [sys.executable, "-m", self._module],
                        stdin=theirs.fileno(),
                        stdout=subprocess.DEVNULL,
                        start_new_session=True,
                    )
                atexit.register(self.close)
            return self._ours

    def close(self) -> None:
        """End the process."""
        atexit.unregister(self.close)
        if self._ours is not None:
            self._ours.close()
        if self._process is not None:
            self._process.wait()
        self._ours = self._process = None


GATEWAY: Final = Forked("gateway.cli.forked")


def as_it_began(environment: Mapping[str, str]) -> bool:
    """Say whether an environment asks of the interpreter just what this process had."""
    names = {*environment, *os.environ}
    asked = (name for name in names if name.startswith(AT_THE_START))
    return all(environment.get(name) == os.environ.get(name) for name in asked)
