"""What the agent tells about itself in a small file, for `status` and `devices`.

No names, addresses or values; whoever may read the folder may read it while the agent runs.
"""

from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from pydantic import AwareDatetime, ValidationError

from device_profiles.reading import Frozen
from device_profiles.wire.body import DeviceState

NAME: Final = "status.json"


class ToldModel(Frozen):
    """What a device said of itself. It stays on the hub: the wire has no place for it."""

    device: UUID
    manufacturer: str | None = None
    model: str | None = None
    firmware: str | None = None


class Status(Frozen):
    """The state of a hub at one moment."""

    at: AwareDatetime
    pid: int
    version: str
    hub: UUID
    epoch: int
    running: bool
    connected: bool
    bluetooth: bool
    clock_ok: bool
    waiting: int
    octets: int
    oldest: int
    problems: tuple[str, ...] = ()
    devices: tuple[DeviceState, ...] = ()
    models: tuple[ToldModel, ...] = ()


def write_status(folder: Path, status: Status) -> None:
    """Replace the file at once, so that a reader never sees half of one."""
    new = folder / (NAME + ".new")
    new.write_text(status.model_dump_json(indent=2) + "\n", "utf-8")
    new.replace(folder / NAME)


def read_status(folder: Path) -> Status | None:
    """Return what the agent told last, or None where it told nothing that can be read."""
    try:
        return Status.model_validate_json((folder / NAME).read_bytes())
    except (OSError, ValidationError):
        return None


def last_trusted(folder: Path, since: datetime) -> datetime:
    """Return the latest moment that this hub knows to have passed; `since` is the earliest."""
    told = read_status(folder)
    return max(since, told.at) if told is not None and told.clock_ok else since
