"""Follows `hearthline-gateway watch` for as long as a gateway runs, through all its mishaps."""

import json
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from simulators.programs import Program
from simulators.site import Gateway

AGAIN_S: Final = 0.5
TIMES: Final = ("at", "stored_at", "created_at", "received_at", "measured_at")


class Events:
    """All that the gateway told, each once. Waiting for news is by `changed`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._since = datetime.now(UTC)
        self._told: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._over = threading.Event()
        self._program: Program | None = None
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self.changed = threading.Condition()

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._over.set()
        if self._program is not None:
            self._program.stop()
        self._thread.join(10)

    def of(self, event: str, hubs: Iterable[str], patients: Iterable[str]) -> list[dict[str, Any]]:
        """Return the events of a name that are of these hubs or patients, in their order."""
        hubs, patients = set(hubs), set(patients)
        with self.changed:
            return [
                dict(row)
                for row in self._told.values()
                if row["event"] == event
                and (row.get("hub_id") in hubs or row.get("patient_id") in patients)
            ]

    def evaluated(self, readings: Iterable[str]) -> bool:
        """Say whether the rules have seen all these readings."""
        with self.changed:
            return all(("evaluated", reading) in self._told for reading in readings)

    def _follow(self) -> None:
        """Begin again where `watch` ends: it ends with the database."""
        while not self._over.is_set():
            self._program = Program(
                "hearthline-gateway",
                ["watch", "--json", "--since", f"{self._since:%Y-%m-%dT%H:%M:%S}"],
                self._gateway.folder / "logs" / "watch.log",
                self._gateway.environment,
                piped=True,
            )
            process = self._program.start()
            for line in process.stdout or ():
                self._hear(json.loads(line))
            self._program.stop()
            self._over.wait(AGAIN_S)

    def _hear(self, row: dict[str, Any]) -> None:
        for name in TIMES:
            if row.get(name):
                row[name] = datetime.fromisoformat(row[name])
        with self.changed:
            self._told.setdefault((row["event"], row["id"]), row)
            self.changed.notify_all()
