"""Logs: JSON lines on stderr, with fixed events and identifiers; never a health value.

The gateway's structlog would do the same for 1 MB of memory, of the 60 that the agent may have.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Final


class Log:
    """Tells an event, with identifiers as keywords."""

    def __init__(self) -> None:
        self._silent = False

    def silence(self) -> None:
        """Tell nothing more: a command speaks to a person instead."""
        self._silent = True

    def info(self, event: str, **told: object) -> None:
        """Tell what is as it should be."""
        self._tell("info", event, told)

    def warning(self, event: str, **told: object) -> None:
        """Tell what a later try may mend."""
        self._tell("warning", event, told)

    def error(self, event: str, **told: object) -> None:
        """Tell what somebody should look at."""
        self._tell("error", event, told)

    def _tell(self, level: str, event: str, told: dict[str, object]) -> None:
        if self._silent:
            return
        at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        line = json.dumps({**told, "event": event, "level": level, "at": at}, default=repr)
        sys.stderr.write(line + "\n")  # at once, so that no other thread's line comes between
        sys.stderr.flush()


log: Final = Log()


def silence_libraries() -> None:
    """Let no library log.

    bleak and paho write device addresses and names into their messages; what matters of them is
    logged by the adapters, without.
    """
    logging.disable(logging.CRITICAL)
