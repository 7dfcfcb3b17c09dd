"""The other programs as processes: started by name, stopped cleanly, their words kept in files."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from simulators.forked import GATEWAY, Done, as_it_began

STOP_WITHIN_S: Final = 15.0


class ProgramFailed(Exception):
    """A program that the simulators need did not do its work; the text says which and why."""


def script(name: str) -> str:
    """Return the path of a console script of this environment."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else name


def call(name: str, *arguments: str, environment: Mapping[str, str]) -> Any:
    """Run a command of another program to its end and return the JSON that it prints."""
    done = _run(name, [*arguments, "--json"], {**os.environ, **environment})
    if done.code:
        said = done.errors.strip().splitlines()
        raise ProgramFailed(f"{name} {arguments[0]}: {said[-1] if said else 'failed'}")
    return json.loads(done.output)


def _run(name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Done:
    """Run a command: forked where it is the gateway of this environment, else started."""
    if (
        name == "hearthline-gateway"
        and Path(script(name)).is_absolute()
        and as_it_began(environment)
    ):
        try:
            return GATEWAY.run(arguments, environment)
        except OSError as error:
            raise ProgramFailed(f"{name} {arguments[0]}: {error}") from None
    done = subprocess.run(
        [script(name), *arguments], env=environment, capture_output=True, text=True, check=False
    )
    return Done(done.returncode, done.stdout, done.stderr)


@dataclass(slots=True)
class Program:
    """A long-running process. Its standard error goes to LOG; its output too, unless piped."""

    name: str
    arguments: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    piped: bool = False
    process: "subprocess.Popen[str] | None" = None

    def start(self) -> "subprocess.Popen[str]":
        """Start it."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [script(self.name), *self.arguments],
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if self.piped else log,
                stderr=log,
                text=True,
                # Ctrl-C is for the demo, which then ends its children in their order.
                start_new_session=True,
            )
        return self.process

    @property
    def running(self) -> bool:
        """Say whether it runs."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Ask it to end, then make it."""
        if self.process is None:
            return
        if self.running:
            self.process.terminate()
            try:
                self.process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.kill()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def kill(self) -> None:
        """End it at once, as a power cut would, with all the processes that it started."""
        if self.process is not None and self.running:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def last_words(self) -> str:
        """Return the last line that it wrote, to explain an end that was not asked for."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"
