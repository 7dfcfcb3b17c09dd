"""`all`: broker, ingest, worker, API and console are its children; who dies is started again."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Final

import structlog

from gateway.errors import StorageUnavailable, WrongInput
from gateway.settings import PREFIX, Settings
from gateway.storage.database import Database, revive
from gateway.storage.roles import ACCESS, APP, let_sign_in

CHECK_EVERY_S: Final = 0.2
# A child that lived this long was healthy: the next restart is immediate again.
HEALTHY_AFTER_S: Final = 30.0
LONGEST_WAIT_S: Final = 10.0
STOP_WITHIN_S: Final = 10.0
LONGEST_LINE: Final = 300
PR_SET_PDEATHSIG: Final = 1  # prctl(2)

log = structlog.get_logger()


@dataclass(slots=True)
class Child:
    """A program that shall run."""

    name: str
    command: list[str]
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    restart_at: float = 0.0
    failures: int = 0
    environment: dict[str, str] = field(default_factory=dict)
    tapped: bool = False
    """Whether its standard error is logged from here: for a program that does not log as we do."""
    said: str | None = None

    def watch(self, now: float) -> None:
        """Start it if it does not run and its wait is over."""
        if self.process is not None:
            ended = self.process.poll() is not None  # before listening, to hear its last word
            self._listen()
            if ended:
                self._ended(now)
        if self.process is None and now >= self.restart_at:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stderr=subprocess.PIPE if self.tapped else None,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - this process has one thread
            )
            if self.process.stderr is not None:
                os.set_blocking(self.process.stderr.fileno(), False)
            self.started, self.said = now, None
            log.info("child_started", child=self.name, pid=self.process.pid)

    def _listen(self) -> None:
        """Log what a tapped child said since the last time."""
        if self.process is None or self.process.stderr is None:
            return
        octets = self.process.stderr.read() or b""
        for line in octets.decode(errors="replace").splitlines():
            # Mosquitto begins with the seconds since 1970; our line has the time already.
            self.said = line.lstrip("0123456789").removeprefix(": ")[:LONGEST_LINE]
            log.warning("child_said", child=self.name, text=self.said)

    def _ended(self, now: float) -> None:
        code = self.process.returncode if self.process else None
        self._close()
        self.failures = 0 if now - self.started > HEALTHY_AFTER_S else self.failures + 1
        self.restart_at = now + min(0.2 * 2**self.failures, LONGEST_WAIT_S)
        log.warning(
            "child_ended", child=self.name, code=code, failures=self.failures, said=self.said
        )

    def _close(self) -> None:
        if self.process is not None and self.process.stderr is not None:
            self.process.stderr.close()
        self.process = None

    def stop(self) -> None:
        """Ask it to end, then make it."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._listen()
        self._close()


def _end_with_parent() -> None:
    """Ask the kernel to end a child when its supervisor dies, even by kill -9: no orphan may
    keep the broker's port or a shard's lock from the next one."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _mosquitto() -> str:
    """Find Mosquitto; Debian keeps it where only root's PATH looks."""
    path = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin"
    found = shutil.which("mosquitto", path=path)
    if found is None:
        raise WrongInput(
            "Mosquitto is not installed: `apt install mosquitto`, or set "
            "HEARTHLINE_BROKER_MANAGED=false and name your own broker."
        )
    return found


class Supervisor:
    """Runs the children until `stop` is set."""

    def __init__(self, settings: Settings, database: Database, stop: threading.Event) -> None:
        self._settings = settings
        self._stop = stop
        # The children speak to the database that this process opened, embedded or not.
        environment = {**os.environ, f"{PREFIX}DATABASE_URL": database.url}
        gateway = [sys.executable, "-m", "gateway.cli"]
        self._children = [
            Child("ingest", [*gateway, "ingest"], environment=environment),
            Child("worker", [*gateway, "worker"], environment=environment),
        ]
        if settings.api_port:
            self._children.append(Child("api", [*gateway, "api"], environment=environment))
        if settings.console_port:
            command = [*gateway, "console"]
            reduced = {**environment, **self._reduced(database)}
            self._children.append(Child("console", command, environment=reduced))
        if settings.broker_managed:
            conf = settings.broker_folder.resolve() / "mosquitto.conf"
            # Not ours: it has no use for our settings, among which is the database's password.
            plain = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
            command = [_mosquitto(), "-c", str(conf)]
            self._children.insert(0, Child("broker", command, environment=plain, tapped=True))

    def _reduced(self, database: Database) -> dict[str, str]:
        """Return the console's settings: of the embedded server it gets no owner's rights."""
        if self._settings.database_url:
            return {}
        urls = let_sign_in(database)
        return {
            f"{PREFIX}DATABASE_URL": urls[ACCESS],
            f"{PREFIX}ACCESS_DATABASE_URL": urls[ACCESS],
            f"{PREFIX}APP_DATABASE_URL": urls[APP],
        }

    def _watch_database(self) -> None:
        """The embedded PostgreSQL is nobody's child; killed, it is started again from here."""
        if self._settings.database_url:
            return
        try:
            if revive(self._settings.postgres):
                log.warning("database_restarted")
        except StorageUnavailable as error:
            log.warning("database_lost", error=str(error))

    def run(self) -> None:
        """Watch the children until stopped; ingest and worker end before the broker."""
        try:
            while not self._stop.is_set():
                self._watch_database()
                for child in self._children:
                    child.watch(time.monotonic())
                self._stop.wait(CHECK_EVERY_S)
        finally:
            for child in reversed(self._children):
                child.stop()
