"""Reads what changed there record by record: one that is broken never keeps the others back."""

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter

from gateway.connectors.ports import Remote, Unread

REMOTE: Final = TypeAdapter(Remote)
LONGEST: Final = 1000
"""Of an id and of a version; what a database has an index of has an end."""
YEARS: Final = range(1900, 2201)
"""Beyond them, a time may be no time any more in another zone, and cannot be asked for."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a feed, and what nobody can read."""

    items: Sequence[Remote]
    unread: Sequence[Unread]


def read_each(
    records: Iterable[Any],
    read: Callable[[Any], Remote | None],
    key: Callable[[Any], UUID | None],
) -> Read:
    """Read them. `key` finds whose a record is, if it can; whatever both raise stays here."""
    items: list[Remote] = []
    unread: list[Unread] = []
    for record in records:
        try:
            remote = read(record)
            if remote is not None:
                items.append(_sound(remote))
        except Exception as error:  # noqa: BLE001 - a record can be broken in any way
            unread.append(_unread(record, key, type(error).__name__))
    return Read(items, unread)


def last_changed(records: Sequence[Any], changed: Callable[[Any], datetime]) -> datetime | None:
    """Return when the last of a page was changed of which that can be read."""
    for record in reversed(records):
        with suppress(ValueError):
            return in_time(changed(record))
    return None


def in_time(at: datetime) -> datetime:
    """Return a time that can be one. Raises ValueError."""
    if at.year not in YEARS:
        raise ValueError("a time of no task")
    return at


def _sound(remote: Remote) -> Remote:
    """Return it with every value of its type. Raises ValueError.

    Ids and versions stand in cursors, so half a character in one is no text.
    """
    if max(len(each.encode()) for each in (remote.remote_id, remote.version or "")) > LONGEST:
        raise ValueError("an id or a version without end")
    in_time(remote.changed_at)
    return REMOTE.validate_python(asdict(remote))


def _unread(record: Any, key: Callable[[Any], UUID | None], error: str) -> Unread:
    task = None
    with suppress(Exception):
        task = key(record)
    print_ = sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
    return Unread(error, print_[:20], task)
