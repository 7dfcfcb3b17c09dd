"""A disk that is really full: a small file system that somebody else fills to the last octet."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from device_profiles.wire.v1 import Class
from edge_agent.errors import SpoolRefused
from edge_agent.ports import Problem
from edge_agent.spool.sqlite import SqliteSpool
from tests.fixtures.hub import make_kit, raw, reading, trusted_clock
from tests.fixtures.promises import Keep

QUOTA = 64 * 2**20
DISK = 24 * 2**20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except OSError:
        pytest.skip("there is no mount")
    if done.returncode:
        pytest.skip("a small file system needs root, and a container that may mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all that is left, as a log that nobody rotates does."""
    path = folder / "somebody-else"
    with path.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return path


def test_a_full_disk_costs_no_alert_and_mends_itself(disk: Path, promise: Keep) -> None:
    kit = make_kit()
    folder = disk / "state"
    with closing(SqliteSpool(folder, kit.sealer(), trusted_clock(), QUOTA)) as spool:
        kept = [spool.put(reading(n), Class.ALERT) for n in range(20)]
        others = fill(disk)
        refused = 0
        while refused < 3:
            try:
                kept.append(spool.put(reading(), Class.ALERT))
            except SpoolRefused:
                refused += 1
        assert Problem.REFUSED in spool.problems
        assert not (folder / "ballast").exists()
        assert [row.ref for row in spool.pending(10_000)] == kept
    with closing(SqliteSpool(folder, kit.sealer(), trusted_clock(), QUOTA)) as spool:
        rows = spool.pending(10_000)
        assert [row.ref for row in rows] == kept  # a restart on the full disk
        assert not spool.problems.keys() & {Problem.DAMAGED, Problem.DROPPED}
        with suppress(SpoolRefused):  # a gateway that receipts is no help to others' files
            spool.sent([row.ref.seq for row in rows])
        others.unlink()
        spool.sent([row.ref.seq for row in rows])
        assert spool.apply(kit.receipt(spool.epoch, kept[-1].seq)) == len(kept)
        assert Problem.REFUSED not in spool.problems
        assert spool.hold(raw()).seq == kept[-1].seq + 1
        assert (folder / "ballast").exists() or os.statvfs(disk).f_bavail * 4096 < 16 * 2**20
    promise("spool-full-disk", alerts=len(kept), alerts_lost=0, refused_loudly=refused)
