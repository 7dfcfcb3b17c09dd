"""What a demo remembers between runs: its homes, and the moment that its series end at.

With the same moment the devices say the same octets again, as devices do that resend their
memory; the gateway must tell them as duplicates.
"""

import json
import socket
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from simulators.site import free_port

USUAL_PORT: Final = 8080


@dataclass(frozen=True, slots=True)
class DemoState:
    """Written once, after everything was registered."""

    port: int
    anchor: str
    hubs: dict[str, str]
    api_port: int
    console_port: int

    def save(self, folder: Path) -> None:
        """Write it into the demo's folder."""
        path = folder / "demo.json"
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(self), indent=1))
        part.replace(path)


def load(folder: Path) -> DemoState | None:
    """Return the state of an earlier run, if there was one."""
    path = folder / "demo.json"
    return DemoState(**json.loads(path.read_text())) if path.exists() else None


def port_of_the_console() -> int:
    """Return the port that people know, or where that is taken another one."""
    with socket.socket() as probe:
        taken = probe.connect_ex(("127.0.0.1", USUAL_PORT)) == 0
    return free_port() if taken else USUAL_PORT


def now_to_the_second() -> datetime:
    """Return the present: device clocks know no fractions."""
    return datetime.now(UTC).replace(microsecond=0)
