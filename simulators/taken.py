"""taken.jsonl: every measurement that a simulated device took; the truth to compare with."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from device_profiles.gatt import Uuid


@dataclass(frozen=True, slots=True)
class Taken:
    """One measurement: octets as indicated, the stamp within them, and when it truly was.

    `context` is the glucose context (2A34) that belongs to it.
    """

    device: str
    kind: str
    uuid: Uuid
    octets: bytes
    device_time: datetime
    home_time: datetime
    context: bytes | None = None


class TakenFile:
    """Appends one JSON object a line."""

    def __init__(self, path: Path, zone: ZoneInfo) -> None:
        self._zone = zone
        self._file = path.open("a", encoding="ascii")

    def add(self, taken: Taken) -> None:
        """Write one line; it is in the file when this returns."""
        measured = taken.home_time.replace(tzinfo=self._zone).astimezone(UTC)
        line = {
            "device": taken.device,
            "kind": taken.kind,
            "uuid": taken.uuid,
            "octets": taken.octets.hex(),
            "context": taken.context.hex() if taken.context else None,
            "device_time": taken.device_time.isoformat(),
            "measured_at": measured.isoformat(),
            "at": datetime.now(UTC).isoformat(),
        }
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
