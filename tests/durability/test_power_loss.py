"""The power goes in the middle of the spool's work: nothing that a call has returned is lost."""

import json
import random
import shutil
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from device_profiles.wire.v1 import Class
from edge_agent.spool.sqlite import SqliteSpool
from tests.durability.disk import Disk
from tests.durability.recorder import Event, Reader, record
from tests.durability.writer import QUOTA, State, same_hub, state_of
from tests.fixtures.hub import Kit, reading, trusted_clock
from tests.fixtures.promises import Keep
from tests.fixtures.whole_site import seed

# How sessions end, in turn: killed (the next recovers the log), closed, in a spoilt file, closed.
SESSIONS: Final = ("killed", "closed", "smashed", "closed")
REPLAYS: Final = 1000

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None, reason="strace is missing: apt-get install strace"
)


@pytest.fixture(scope="module")
def number() -> int:
    return seed()


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory, number: int) -> list[Event]:
    return recording(tmp_path_factory.mktemp("recording"), number)


def recording(top: Path, number: int) -> list[Event]:
    """Record several sessions of one spool."""
    folder, told = top / "spool", top / "told"
    folder.mkdir()
    (folder / "ballast").touch()  # it is only room, and laid where there is none
    reader = Reader(folder, told)
    events: list[Event] = []
    for session, kind in enumerate(SESSIONS):
        events += reader.read(record(folder, told, kind, number + session))
    return events


@dataclass(frozen=True)
class Moment:
    """What the spool must hold when the power goes here: what it told last, or the next."""

    before: State | None
    after: State | None


class Story:
    """The states that the writer told of, by their place among the events."""

    def __init__(self, events: list[Event]) -> None:
        told = [(at, event.told) for at, event in enumerate(events) if event.kind == "told"]
        self._at = [at for at, _ in told]
        self._told = [state for _, state in told]

    def at(self, cut: int) -> Moment:
        """Return what is to be expected where the first `cut` events have happened."""
        place = bisect_right(self._at, cut - 1)
        before = self._told[place - 1] if place else None
        return Moment(before, self._told[place] if place < len(self._told) else None)


def keeps(found: State, expected: State | None) -> bool:
    """Say whether all is there. A call that had not returned may have left more, never less."""
    if expected is None or found["epoch"] != expected["epoch"]:
        return False
    more = found["rows"].keys() - expected["rows"].keys()
    return (
        all(found["rows"].get(seq) == row for seq, row in expected["rows"].items())
        and all(int(seq) > expected["last"] for seq in more)
        and found["bookmarks"] == expected["bookmarks"]
    )


def verdict(spool: SqliteSpool, moment: Moment) -> str:
    """Say what has become of the spool: intact, honest about a known damage, or one of the bad."""
    found, before = state_of(spool), moment.before
    if keeps(found, before) or keeps(found, moment.after):
        return "intact"
    if before is None:  # it had promised nothing yet
        return "false alarm" if spool.problems else "begun"
    if before.get("smashed") and found["epoch"] > before["epoch"] and tells_of_damage(spool):
        return "renewed"
    return "corrupt" if spool.problems else "lost"


def tells_of_damage(spool: SqliteSpool) -> bool:
    """Say whether the gateway will hear of it; a gap of the writer's day is not ours to open."""
    told = spool._db.execute("SELECT reason FROM envelope WHERE seq = 1").fetchone()
    return bool(told == ("spool_damaged",))


def replay(files: dict[str, bytes], folder: Path, moment: Moment, kit: Kit) -> str:
    """Open what the power cut left with our own code."""
    folder.mkdir()
    (folder / "ballast").touch()
    for name, octets in files.items():
        (folder / name).write_bytes(octets)
    with closing(SqliteSpool(folder, kit.sealer(), trusted_clock(), QUOTA)) as spool:
        said = verdict(spool, moment)
        ref, before = spool.put(reading(), Class.ALERT), moment.before
        if before and ref <= (before["epoch"], before["last"]):
            return "seq given twice"
    return said


def cuts(events: list[Event], count: int, chance: random.Random) -> list[int]:
    """Return where the power goes: half of them next to what is not a plain write."""
    rare = [at for at, event in enumerate(events) if event.kind not in ("write", "told")]
    return sorted(
        min(len(events), max(0, chance.choice(rare) + chance.randint(-1, 2)))
        if chance.random() < 0.5
        else chance.randint(0, len(events))
        for _ in range(count)
    )


def run(
    events: list[Event], count: int, chance: random.Random, folder: Path
) -> tuple[Counter[str], dict[str, int], list[Any]]:
    """Replay `count` cuts; return the verdicts, what was tried, and the bad ones."""
    disk, done, story, kit = Disk(), 0, Story(events), same_hub()
    verdicts: Counter[str] = Counter()
    tried, bad = Counter[str](), []
    for turn, cut in enumerate(cuts(events, count, chance)):
        for event in events[done:cut]:
            disk.do(event)
        done, moment = cut, story.at(cut)
        tried["unsynced_writes"] += disk.unsynced
        tried["committed_rows"] += len(moment.before["rows"]) if moment.before else 0
        place = folder / str(turn)
        said = replay(disk.cut(chance), place, moment, kit)
        verdicts[said] += 1
        if said in ("intact", "begun", "renewed"):
            shutil.rmtree(place)
        else:
            bad.append((cut, said, str(place), json.dumps(moment.before)[:80]))
    return verdicts, dict(tried), bad


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Replays need no disk: what is on it is the model's word."""
    shm = Path("/dev/shm")  # noqa: S108
    folder = (shm if shm.is_dir() else tmp_path) / f"{tmp_path.parent.name}-{tmp_path.name}"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def test_a_power_cut_loses_nothing_that_was_kept(
    events: list[Event], number: int, folder: Path, promise: Keep
) -> None:
    print(f"HEARTHLINE_TEST_SEED={number}")
    verdicts, tried, bad = run(events, REPLAYS, random.Random(number), folder)  # noqa: S311
    assert bad == []
    assert verdicts["intact"] > REPLAYS * 0.9
    promise("spool-power-loss", **figures(events, verdicts), **tried)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_15_000_power_cuts(
    tmp_path_factory: pytest.TempPathFactory, number: int, folder: Path, promise: Keep
) -> None:
    verdicts: Counter[str] = Counter()
    for turn in range(15):
        events = recording(tmp_path_factory.mktemp("recording"), number + turn)
        place = folder / f"recording-{turn}"
        place.mkdir()
        told, _, bad = run(events, REPLAYS, random.Random(number + turn), place)  # noqa: S311
        assert bad == []
        verdicts += told
    promise("spool-power-loss", **figures(events, verdicts))


def figures(events: list[Event], verdicts: Counter[str]) -> dict[str, int]:
    return {
        "replays": verdicts.total(),
        "corrupt": verdicts["corrupt"] + verdicts["false alarm"],
        "rows_lost": verdicts["lost"] + verdicts["seq given twice"],
        "recorded_writes": sum(event.kind == "write" for event in events),
        "recorded_syncs": sum("sync" in event.kind for event in events),
    }


@pytest.mark.slow
def test_the_replays_would_find_a_spool_that_does_not_sync(
    events: list[Event], number: int, folder: Path
) -> None:
    """The same recording on a disk that takes no notice of fsync."""
    lying = [event for event in events if event.kind != "sync"]
    _, _, bad = run(lying, 100, random.Random(number), folder)  # noqa: S311
    assert len(bad) > 30
