"""One agent per folder: two would give the same seq twice. The kernel lets go when one dies."""

import fcntl
import os
from pathlib import Path
from typing import Final

from edge_agent.errors import WrongInput

NAME: Final = "lock"


class Lock:
    """Held from the making until `release`. Raises WrongInput where another holds it."""

    def __init__(self, folder: Path) -> None:
        self._handle = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._handle)
            raise WrongInput(
                f"{folder}: the agent runs here; `systemctl stop hearthline-edge` ends it."
            ) from None

    def release(self) -> None:
        """Let the next agent in."""
        os.close(self._handle)
