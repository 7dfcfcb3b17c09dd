"""Exports leave room on the disk: a gateway that cannot write receives no readings any more."""

import shutil
from pathlib import Path
from typing import Final

from gateway.fhir.errors import NoRoom

MB: Final = 1_000_000


def need_room(home: Path, leaves_mb: int) -> None:
    """Look whether so much of the disk is free. Raises NoRoom."""
    if shutil.disk_usage(home).free < leaves_mb * MB:
        raise NoRoom
