"""What every far side has: an address on this machine, a clock, people who work there, faults.

A kind says its routes and how a person at it changes a task; `with Kind() as side:` serves it.
"""

import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Self
from uuid import UUID

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from simulators.far_sides.faults import Faults, Purpose
from simulators.far_sides.middleware import Recorded, Trouble

HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it lies at a far side, in the far side's own words."""

    key: UUID
    remote_id: str
    status: str
    owner: str | None
    subject: str
    body: str


class FarSide(ABC):
    """One system elsewhere. It holds what it was told until `reset`."""

    kind: ClassVar[str]
    """The name of its connector."""
    title: ClassVar[str]
    two_way: ClassVar[bool] = True
    """Whether it can be asked what changed there."""
    reads: ClassVar[frozenset[str]] = frozenset()
    """Paths at which a POST changes nothing: a search."""
    sign_ins: ClassVar[frozenset[str]] = frozenset()
    """Paths at which tokens are given."""
    secrets: ClassVar[frozenset[str]] = frozenset()
    """What must never be shown or kept: the secrets in `table`, the tokens it gives."""

    def __init__(self, port: int = 0) -> None:
        self.faults = Faults()
        self.requests: list[Recorded] = []
        self.lock = threading.RLock()
        """Held by whoever looks at tasks or changes them in another thread than the server's."""
        self.forget()
        self._socket = socket.create_server((HOST, port))
        app = Trouble(Starlette(routes=list(self.routes())), self)
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                loop="asyncio",
                lifespan="off",
                date_header=False,
                log_level="critical",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )

    @abstractmethod
    def routes(self) -> Sequence[BaseRoute]:
        """Return what it answers at. Endpoints are `async def`, and do not wait."""

    @abstractmethod
    def table(self) -> Mapping[str, Any]:
        """Return the kind's own table of connectors.toml to reach it."""

    @abstractmethod
    def tasks(self) -> Sequence[Task]:
        """Return every task that lies here; two of one key are two."""

    @abstractmethod
    def edit(
        self,
        task: UUID,
        *,
        status: str | None = None,
        owner: str | None = None,
        end: Mapping[str, Any] | None = None,
    ) -> None:
        """Do what a person does here, at this side's own time.

        `status` is a state of FHIR Task, which is put into this side's words. `end` has urgency,
        outcome, actionable, and may have attempts, note, symptom_check.
        """

    @abstractmethod
    def duplicate(self, task: UUID) -> bool:
        """Make a second one with the same key, as people can; False if this side lets nobody."""

    @abstractmethod
    def forget(self) -> None:
        """Lose every task."""

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://{HOST}:{self.port}"

    @property
    def port(self) -> int:
        """Return its port, which it has before it starts."""
        return int(self._socket.getsockname()[1])

    def now(self) -> datetime:
        """Return the time by its own clock."""
        return datetime.now(UTC) + self.faults.skew

    def purpose(self, method: str, path: str) -> Purpose:
        """Tell what a request is for."""
        if path in self.sign_ins:
            return "sign-in"
        return "read" if method in ("GET", "HEAD") or path in self.reads else "write"

    def reset(self) -> None:
        """Begin again: no tasks, no faults, nothing recorded."""
        with self.lock:
            self.forget()
        self.faults.clear()
        self.requests.clear()

    def start(self) -> Self:
        """Serve, in a thread."""
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        """End, and every connection with it."""
        self._server.should_exit = True
        self._thread.join()

    def drop(self, client: tuple[str, int]) -> None:
        """End this connection at once."""
        for connection in list(self._server.server_state.connections):
            if getattr(connection, "client", None) == client:
                connection.transport.abort()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
