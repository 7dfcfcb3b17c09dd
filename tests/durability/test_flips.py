"""A dying card: flipped bytes, lost sectors, cut files. What is whole is sent, the rest is told."""

import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from device_profiles.wire.body import GapBody
from device_profiles.wire.v1 import Class, read_header, topic_up, verify_envelope
from edge_agent.ports import Problem, Row
from edge_agent.spool.sqlite import SqliteSpool
from tests.fixtures.hub import Kit, make_kit, raw, reading, trusted_clock
from tests.fixtures.promises import Keep
from tests.fixtures.whole_site import seed

QUOTA: Final = 64 * 2**20
ROWS: Final = 40
FILES: Final = ("spool.db", "spool.db-wal", "spool.db-shm")
GOOD: Final = ("harmless", "rescued", "lost and told")
BAD: Final = ("silent", "altered", "seq given twice")
Place = tuple[int, int]


@dataclass(frozen=True)
class Sample:
    """The files of a spool that was killed, and what had been kept in it."""

    kit: Kit
    epoch: int
    files: dict[str, bytes]
    kept: dict[Place, bytes]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Half of the rows are in the database, half only in its log."""
    folder, kit = tmp_path_factory.mktemp("spool"), make_kit()
    with closing(SqliteSpool(folder, kit.sealer(), trusted_clock(), QUOTA)) as spool:
        for n in range(ROWS):
            spool.put(reading(n), Class.ALERT if n % 5 == 0 else Class.ROUTINE)
            if n == ROWS // 2:
                spool._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        spool.sent([1, 2, 3])
        spool.hold(raw(1))
        kept = spool._db.execute("SELECT seq, envelope FROM envelope").fetchall()
        files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "lock"}
        return Sample(kit, spool.epoch, files, {(spool.epoch, seq): octets for seq, octets in kept})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shm = Path("/dev/shm")  # noqa: S108 - only for speed
    folder = (shm if shm.is_dir() else tmp_path) / f"{tmp_path.parent.name}-{tmp_path.name}"
    folder.mkdir()
    return folder


def all_rows(spool: SqliteSpool) -> list[Row]:
    """Send everything that is to be sent, as a gateway that answers would make the hub do."""
    spool.release()
    rows: dict[int, Row] = {}
    while found := spool.pending(50, frozenset(rows)):
        rows |= {row.ref.seq: row for row in found}
    return list(rows.values())


def judge(spool: SqliteSpool, sample: Sample) -> str:
    """Say what the flip did; `silent` is what must never be."""
    kit, sent, told = sample.kit, dict[Place, bytes](), set[Place]()
    for row in all_rows(spool):
        topic = topic_up(kit.hub, row.class_)
        header = read_header(row.envelope, topic)
        verify_envelope(row.envelope, topic, kit.signing_key.public_key())
        sent[header.epoch, header.seq] = row.envelope
        body = kit.open(row)
        if isinstance(body, GapBody):
            told |= {(header.epoch, s) for a, b in body.supersedes for s in range(a, b + 1)}
    if any(sent.get(place, octets) != octets for place, octets in sample.kept.items()):
        return "altered"
    lost = sample.kept.keys() - sent.keys()
    reported = spool.epoch > sample.epoch and Problem.DAMAGED in spool.problems
    if lost - told and not reported:
        return "silent"
    if not lost:
        return "rescued" if reported else "harmless"
    return "lost and told"


def try_out(sample: Sample, files: dict[str, bytes], folder: Path) -> str:
    folder.mkdir()
    for name, octets in files.items():
        (folder / name).write_bytes(octets)
    started = time.monotonic()
    with closing(SqliteSpool(folder, sample.kit.sealer(), trusted_clock(), QUOTA)) as spool:
        said = judge(spool, sample)
        ref = spool.put(reading(), Class.ALERT)
        if ref <= max(sample.kept):
            said = "seq given twice"
    assert time.monotonic() - started < 10
    return said


def flip(octets: bytearray, chance: random.Random) -> None:
    octets[chance.randrange(len(octets))] ^= chance.randint(1, 255)


def lose_sector(octets: bytearray, chance: random.Random) -> None:
    start = chance.randrange(0, len(octets), 512)
    octets[start : start + 512] = chance.choice([bytes(512), chance.randbytes(512)])


def cut(octets: bytearray, chance: random.Random) -> None:
    del octets[chance.choice([0, chance.randrange(len(octets))]) :]


HARMS: Final[tuple[Callable[[bytearray, random.Random], None], ...]] = (
    *(flip,) * 7, *(lose_sector,) * 2, cut
)  # fmt: skip


def run(sample: Sample, folder: Path, count: int, chance: random.Random) -> Counter[str]:
    """Harm one file at a time; whatever is bad comes back with where it was."""
    verdicts = Counter[str]()
    for turn in range(count):
        name, harm = FILES[turn % 5 // 2], chance.choice(HARMS)
        octets = bytearray(sample.files[name])
        harm(octets, chance)
        place = folder / str(turn)
        said = try_out(sample, {**sample.files, name: bytes(octets)}, place)
        verdicts[said] += 1
        assert said not in BAD, (said, turn, name, harm.__name__, len(octets))
        shutil.rmtree(place)
    return verdicts


def count(sample: Sample, folder: Path, harms: int, promise: Keep) -> None:
    number = seed()
    print(f"HEARTHLINE_TEST_SEED={number}")
    try:
        verdicts = run(sample, folder, harms, random.Random(number))  # noqa: S311 - a schedule
    finally:
        shutil.rmtree(folder)
    told = {name.replace(" ", "_"): verdicts[name] for name in (*GOOD, *BAD)}
    promise("spool-flips", harms=harms, **told)


@pytest.mark.slow
def test_no_flip_is_silent(sample: Sample, folder: Path, promise: Keep) -> None:
    count(sample, folder, 300, promise)


@pytest.mark.slow
def test_no_flip_of_many_is_silent(sample: Sample, folder: Path, promise: Keep) -> None:
    count(sample, folder, 20_000, promise)
