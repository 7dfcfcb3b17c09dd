"""Follows `hearthline-gateway watch` and tells a person what happens, as it happens."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from simulators.programs import Program
from simulators.site import Gateway

COLOURS: Final = {"P1": "bold red", "P2": "bold yellow", "P3": "cyan"}
FIRST: Final = 5
QUIET_S: Final = 2.0
TELL_EVERY: Final = 25  # of a burst of stored records, one line in so many


class Watching:
    """Reads events in a thread of its own; keeps the delays of all readings."""

    def __init__(self, gateway: Gateway, console: Console | None) -> None:
        log = gateway.folder / "logs" / "watch.log"
        self._program = Program(
            "hearthline-gateway", ["watch", "--json"], Path(log), gateway.environment, piped=True
        )
        self._console = console
        self._received: dict[str, datetime] = {}
        self._last_event = time.monotonic()
        self.stored_ms: list[float] = []
        self.times: list[tuple[datetime, datetime]] = []
        self.evaluated_ms: list[float] = []
        self.counts: Counter[str] = Counter()
        self.tasks: Counter[str] = Counter()
        self._by_patient: Counter[str] = Counter()

    def start(self) -> None:
        """Begin to follow."""
        self._program.start()
        threading.Thread(target=self._follow, daemon=True).start()

    def wait_for(self, done: Callable[[int], bool], seconds: float) -> None:
        """Wait until `done`, told how many are stored in this run, and a moment of quiet."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            quiet = time.monotonic() - self._last_event > QUIET_S
            evaluated = self.counts["evaluated"] >= self.counts["stored"]
            if quiet and evaluated and done(self.counts["stored"]):
                return
            time.sleep(0.05)

    def stop(self) -> None:
        """End it."""
        self._program.stop()

    def _follow(self) -> None:
        stream = self._program.process.stdout if self._program.process else None
        for line in stream or ():
            self._take(json.loads(line))

    def _take(self, event: dict[str, Any]) -> None:
        self._last_event = time.monotonic()
        self.counts[event["event"]] += 1
        match event["event"]:
            case "stored":
                self._stored(event)
            case "evaluated":
                self._evaluated(event)
            case "task":
                self.tasks[event["priority"]] += 1
                colour = COLOURS.get(event["priority"], "white")
                self._say(f"[{colour}]TASK {event['priority']}[/] {event['patient']}", event)
            case "quarantined":
                self._say("[magenta]quarantined[/]", event)

    def _stored(self, event: dict[str, Any]) -> None:
        received = datetime.fromisoformat(event["received_at"])
        self._received[event["id"]] = received
        stored = datetime.fromisoformat(event["stored_at"])
        self.stored_ms.append((stored - received).total_seconds() * 1000)
        self.times.append((received, stored))
        count = self._by_patient[event["patient"]] = self._by_patient[event["patient"]] + 1
        if count <= FIRST or count % TELL_EVERY == 0:
            self._say(f"[green]stored[/] {event['patient']} no. {count}", event)

    def _evaluated(self, event: dict[str, Any]) -> None:
        received = self._received.get(event["id"])
        if received is not None:
            at = datetime.fromisoformat(event["at"])
            self.evaluated_ms.append((at - received).total_seconds() * 1000)

    def _say(self, what: str, event: dict[str, Any]) -> None:
        if self._console is not None:
            line = f"{event['at'][11:19]}  {what}  {event.get('text') or ''}"
            self._console.print(line, highlight=False, soft_wrap=True)
