"""Writes the guest's initramfs: cpio in its `newc` form, from a tar and from our own files."""

import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final

REGULAR, DIRECTORY, LINK = 0o100000, 0o040000, 0o120000
HEADER: Final = "070701" + "{:08x}" * 13
END: Final = "TRAILER!!!"


class Cpio:
    """An archive that is written front to back; the kernel takes several one after the other."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._number = file, 0

    def add(self, name: str, mode: int, content: bytes = b"") -> None:
        """Add a file, a folder, or a link whose content is its target."""
        self._number += 1
        label = name.encode() + b"\0"
        numbers = (self._number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(label), 0)
        self._padded(HEADER.format(*numbers).encode() + label)
        self._padded(content)

    def end(self) -> None:
        """Close the archive."""
        self.add(END, 0)
        self._file.write(b"\0" * (-self._file.tell() % 512))

    def _padded(self, octets: bytes) -> None:
        self._file.write(octets + b"\0" * (-len(octets) % 4))


def from_tar(archive: Path, out: Path) -> None:
    """Write a tar's folders, files and links; devices are the kernel's own there."""
    with tarfile.open(archive) as tar, out.open("wb") as file:
        cpio = Cpio(file)
        for member in tar:
            name = member.name.removeprefix("./")
            if member.isdir():
                cpio.add(name or ".", DIRECTORY | member.mode)
            elif member.issym():
                cpio.add(name, LINK | 0o777, member.linkname.encode())
            elif content := tar.extractfile(member) if member.isfile() or member.islnk() else None:
                cpio.add(name, REGULAR | member.mode, content.read())
        cpio.end()


def from_folders(root: Path, folders: Iterable[str], init: Path, out: Path) -> None:
    """Write our own programs, below /opt/hearthline, and what the kernel starts."""
    with out.open("wb") as file:
        cpio = Cpio(file)
        cpio.add("init", REGULAR | 0o755, init.read_bytes())
        cpio.add("opt/hearthline", DIRECTORY | 0o755)
        for path in (path for folder in folders for path in _all(root / folder)):
            name = f"opt/hearthline/{path.relative_to(root)}"
            if path.is_dir():
                cpio.add(name, DIRECTORY | 0o755)
            else:
                cpio.add(name, REGULAR | 0o644, path.read_bytes())
        cpio.end()


def _all(folder: Path) -> Iterable[Path]:
    """Give a folder, and what is in it, parents first."""
    yield folder
    if folder.is_dir():
        found = sorted(folder.rglob("*"))
        yield from (path for path in found if "__pycache__" not in path.parts)
