"""A file that only takes up space, to be thrown out when the disk is full.

On a full disk SQLite cannot even delete: without this, receipts could not make room either.
"""

import os
from pathlib import Path
from typing import Final

NAME: Final = "ballast"
OCTETS: Final = 1 << 20
# Laid again only where so much is free that it does not fill the disk itself.
FREE_OCTETS: Final = 16 * OCTETS


def lay(folder: Path) -> None:
    """Lay the ballast where there is room for it."""
    path, disk = folder / NAME, os.statvfs(folder)
    if path.exists() or disk.f_bavail * disk.f_frsize < FREE_OCTETS:
        return
    try:
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, OCTETS)
    except OSError:
        path.unlink(missing_ok=True)


def throw_out(folder: Path) -> bool:
    """Free the ballast's space; say whether there was any."""
    try:
        (folder / NAME).unlink()
    except OSError:
        return False
    return True
