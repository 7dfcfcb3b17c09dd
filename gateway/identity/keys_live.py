"""The sealing keys as ingest has them: read again when their file has changed.

A rotation happens beside a running ingest, and a hub may seal to the new key a moment later.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import structlog

from device_profiles.wire.keys import RecipientPrivate, forget_private_keys
from gateway.errors import WrongInput
from gateway.identity.sealing import read_recipients

log = structlog.get_logger()
Stamp = tuple[int, int, int]


class LiveRecipients(Mapping[bytes, RecipientPrivate]):
    """Private keys by key id. A key that was destroyed is gone from here too."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: Stamp | None = None
        self._keys: dict[bytes, RecipientPrivate] = {}
        self._read(_stamp(path))

    def __getitem__(self, kid: bytes) -> RecipientPrivate:
        return self._current()[kid]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._current())

    def __len__(self) -> int:
        return len(self._current())

    def _current(self) -> dict[bytes, RecipientPrivate]:
        try:
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                self._read(stamp)
                log.info("sealing_keys_read", count=len(self._keys))
        except (WrongInput, OSError) as error:
            # What we have still opens the most; the next look may find the file whole.
            log.warning("sealing_keys_unreadable", error=type(error).__name__)
        return self._keys

    def _read(self, stamp: Stamp | None) -> None:
        stored = read_recipients(self._path)
        self._keys = {kid: one.key() for kid, one in stored.items()}
        forget_private_keys()
        self._stamp = stamp


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
