"""Records what a program asks of the kernel for the files of one folder, by strace.

strace rather than a VFS of our own: it is the very SQLite that ships, with Python's own calls for
the epoch's file in between, and nothing is changed for the recording. What it cannot see are
stores into a mapped file; the spool maps only its -shm, which SQLite makes anew from the log.
"""

import codecs
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

SYSCALLS: Final = (
    "openat,close,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,"
    "link,linkat,unlink,unlinkat,fallocate"
)
CALL: Final = re.compile(rb"^(\w+)\((.*)\) += (-?\d+)", re.DOTALL)
TEXT: Final = re.compile(rb'"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Event:
    """One step. `kind`: create, write, truncate, sync, rename, link, unlink, syncdir, told."""

    kind: str
    file: int = 0
    name: str = ""
    new_name: str = ""
    offset: int = 0
    data: bytes = b""
    told: dict[str, Any] = field(default_factory=dict)


def record(folder: Path, told: Path, session: str, seed: int) -> bytes:
    """Run one session of the writer; return the trace."""
    trace = told.with_suffix(f".{session}.{seed}")
    program = [sys.executable, "-m", "tests.durability.writer"]
    program += [str(folder), str(told), session, str(seed)]
    limits: list[str] = ["-s", str(1 << 20), "-e", f"trace={SYSCALLS}", "-e", "signal=none"]
    subprocess.run(
        ["strace", "-o", str(trace), *limits, "--", *program],
        check=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return trace.read_bytes()


class Reader:
    """Turns traces into events; files keep their number over sessions, as inodes do."""

    def __init__(self, folder: Path, told: Path) -> None:
        self._folder, self._told = str(folder), str(told)
        self._names: dict[str, int] = {}
        self._count = 0
        self._open: dict[int, list[int]] = {}

    def read(self, trace: bytes) -> Iterator[Event]:
        """Yield what one session did."""
        self._open = {}
        for line in trace.splitlines():
            found = CALL.match(line)
            if found and not found[3].startswith(b"-"):
                yield from self._event(found[1].decode(), found[2], int(found[3]))

    def _event(self, call: str, arguments: bytes, result: int) -> Iterator[Event]:
        if call == "openat":
            yield from self._opened(arguments, result)
        elif call.startswith(("rename", "link", "unlink")):
            yield from self._moved(call, arguments)
        else:
            handle = int(arguments.split(b",", 1)[0])
            if handle in self._open:
                yield from self._used(call, handle, arguments, result)

    def _opened(self, arguments: bytes, handle: int) -> Iterator[Event]:
        path = _texts(arguments)[0].decode()
        self._open.pop(handle, None)
        if path == self._folder:
            self._open[handle] = [0, 0]
        if path == self._told:
            self._open[handle] = [-1, 0]
        name = self._inside(path)
        if name is None:
            return
        if name not in self._names:
            self._count += 1
            self._names[name] = self._count
            yield Event("create", self._count, name)
        elif b"O_TRUNC" in arguments:
            yield Event("truncate", self._names[name])
        self._open[handle] = [self._names[name], 0]

    def _moved(self, call: str, arguments: bytes) -> Iterator[Event]:
        names = [self._inside(text.decode()) for text in _texts(arguments)]
        if names[0] is None or names[0] not in self._names:
            return
        number = self._names[names[0]]
        if not call.startswith("link"):
            del self._names[names[0]]
        if call.startswith("unlink"):
            yield Event("unlink", number, names[0])
        elif names[1] is not None:
            self._names[names[1]] = number
            yield Event(re.sub("at2?$", "", call), number, names[0], names[1])

    def _used(self, call: str, handle: int, arguments: bytes, result: int) -> Iterator[Event]:
        number, place = self._open[handle]
        if call == "close":
            del self._open[handle]
        elif call in ("fsync", "fdatasync"):
            yield Event("sync" if number else "syncdir", number)
        elif call == "ftruncate":
            yield Event("truncate", number, offset=int(arguments.split(b",")[1]))
        elif call == "fallocate":
            raise AssertionError("the ballast is laid before the recording")
        else:
            data = _texts(arguments)[0][:result]
            if number < 0:
                yield Event("told", told=json.loads(data))
                return
            offset = int(arguments.rsplit(b",", 1)[1]) if call == "pwrite64" else place
            self._open[handle][1] = place + (result if call == "write" else 0)
            yield Event("write", number, offset=offset, data=data)

    def _inside(self, path: str) -> str | None:
        prefix = self._folder + "/"
        name = path.removeprefix(prefix)
        return name if path.startswith(prefix) and name not in ("lock", "ballast") else None


def _texts(arguments: bytes) -> list[bytes]:
    """Return the strings among a call's arguments, as the program had them."""
    return [codecs.escape_decode(text)[0] for text in TEXT.findall(arguments)]
