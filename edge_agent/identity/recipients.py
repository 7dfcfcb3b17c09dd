"""The gateway's sealing keys as this hub believes them: signed by the site's offline root.

Without root.pub, as on a hub of before, they are hub.toml's. With it nothing else counts, and a
later file that says less than the one before is not taken.
"""

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from device_profiles.wire.hub_file import HubFile, RecipientRecord
from device_profiles.wire.key_record import (
    RECIPIENTS_FILE,
    ROOT_FILE,
    BadRecord,
    read_recipients,
    read_root,
)
from edge_agent.errors import WrongInput
from edge_agent.logs import log

Records = tuple[RecipientRecord, ...]
Stamp = tuple[bool, int, int, int] | None


@dataclass(slots=True)
class Recipients:
    """Looks at the folder before each sealing: a renewal may have brought a new key."""

    folder: Path
    hub_file: HubFile
    _records: Records = ()
    _stamp: Stamp = field(default=None)

    def __post_init__(self) -> None:
        """Read them for the first time. Raises WrongInput that names the file."""
        self._stamp = self._now()
        self._records = self._read()

    def records(self) -> Records:
        """Return the keys; what has changed for the worse is told, and the old ones stay."""
        stamp = self._now()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                found = self._read()
                check_successor(self._records, found)
            except WrongInput as error:
                log.warning("sealing_keys_refused", reason=str(error))
            else:
                self._records = found
                log.info("sealing_keys_read", count=len(found))
        return self._records

    def _read(self) -> Records:
        path, root = self.folder / RECIPIENTS_FILE, self.folder / ROOT_FILE
        if not root.exists():
            return self.hub_file.recipients  # also after a power cut between the two files
        return check_recipients(self.hub_file, _text(path), _text(root))

    def _now(self) -> Stamp:
        try:
            found = (self.folder / RECIPIENTS_FILE).stat()
        except OSError:
            return None
        root = (self.folder / ROOT_FILE).exists()
        return root, found.st_ino, found.st_mtime_ns, found.st_size


def check_recipients(hub_file: HubFile, text: str, root: str) -> Records:
    """Return what a recipients.toml says. Raises WrongInput unless the root has signed all of it,
    and no key is of a lower suite than this hub was made for."""
    lowest = min(record.suite for record in hub_file.recipients)
    try:
        records = read_recipients(text, read_root(root.strip()))
    except BadRecord as error:
        raise WrongInput(f"{RECIPIENTS_FILE}: {error}.") from None
    if any(record.suite < lowest for record in records):
        raise WrongInput(f"{RECIPIENTS_FILE}: a key of a lower suite than {lowest:d}.")
    return tuple(record.bare() for record in records)


def check_successor(before: Records, after: Records) -> None:
    """Refuse to go back to older keys. Raises WrongInput."""
    if _newest(after) < _newest(before):
        raise WrongInput(f"{RECIPIENTS_FILE}: its newest key is older than the one in use.")


def install_recipients(folder: Path, hub_file: HubFile, text: str, root: str) -> None:
    """Take a recipients.toml that the gateway sent over mutual TLS. Raises WrongInput.

    The first root that a hub hears of is the one that it believes from then on.
    """
    pinned = folder / ROOT_FILE
    if pinned.exists() and _text(pinned).strip() != root.strip():
        raise WrongInput(f"{ROOT_FILE}: the gateway names another root than before.")
    found = check_recipients(hub_file, text, root)
    if pinned.exists():
        check_successor(check_recipients(hub_file, _text(folder / RECIPIENTS_FILE), root), found)
    # The records first: a root without records would stop the hub at its next start.
    _write(folder / RECIPIENTS_FILE, text)
    if not pinned.exists():
        _write(pinned, root.strip() + "\n")


def _newest(records: Records) -> datetime:
    # A signature holds whole seconds; hub.toml may tell of the same key more exactly.
    return max(record.not_before.replace(microsecond=0) for record in records)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise WrongInput(f"{path}: {reason}.") from None


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all, also at a power cut."""
    part = path.with_name(path.name + ".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
