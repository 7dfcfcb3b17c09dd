"""The contract of `ports.Spool`: what every spool must keep, whatever happens to it."""

import sqlite3
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from device_profiles.wire.body import GapBody, ReadingBody, StatusBody
from device_profiles.wire.v1 import Class, Receipt, read_header, topic_up
from edge_agent.errors import EdgeError, SpoolRefused, WrongInput
from edge_agent.ports import Bookmark, Depth, Problem, Ref, Spool
from edge_agent.spool import file
from edge_agent.spool.epoch import read_epoch
from edge_agent.spool.sqlite import SqliteSpool
from tests.fixtures.hub import Kit, make_kit, raw, reading, status, trusted_clock

QUOTA = 64 * 2**20
# SQLite's "dead man's switch", one octet of the index: https://www.sqlite.org/walformat.html, 2.2.
IS_ANYBODY_IN = """
import fcntl, sys
with open(sys.argv[1], "r+b") as index:
    try:
        fcntl.lockf(index, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 128)
        print("no")
    except BlockingIOError:
        print("yes")
"""


class SpoolContract(ABC):
    """What every spool must do."""

    @abstractmethod
    def make(self, folder: Path, kit: Kit, quota: int = QUOTA) -> Spool: ...

    @pytest.fixture
    def kit(self) -> Kit:
        return make_kit()

    @pytest.fixture
    def spool(self, tmp_path: Path, kit: Kit) -> Iterator[Spool]:
        with closing(self.make(tmp_path, kit)) as spool:
            yield spool

    def test_held_rows_are_not_sent_until_released(self, spool: Spool, kit: Kit) -> None:
        held = spool.hold(raw())
        assert spool.pending(20) == []
        assert spool.release([held]) == 1
        (row,) = spool.pending(20)
        assert row.ref == held
        assert kit.open(row) == raw()

    def test_seq_and_epoch_are_in_the_signed_header(self, spool: Spool, kit: Kit) -> None:
        spool.put(reading(), Class.ALERT)
        (row,) = spool.pending(20)
        header = read_header(row.envelope, topic_up(kit.hub, Class.ALERT))
        assert (header.epoch, header.seq) == row.ref == (spool.epoch, 1)

    def test_unacknowledged_survives_a_reopen(self, tmp_path: Path, kit: Kit) -> None:
        with closing(self.make(tmp_path, kit)) as spool:
            spool.put(reading(), Class.ROUTINE)
            spool.hold(raw())
            before, epoch = spool.pending(20), spool.epoch
        with closing(self.make(tmp_path, kit)) as spool:
            assert spool.epoch == epoch
            assert spool.pending(20) == before
            assert spool.release() == 1
            assert [kit.open(row) for row in spool.pending(20)] == [reading(), raw()]

    def test_a_seq_is_never_given_twice(self, tmp_path: Path, kit: Kit) -> None:
        with closing(self.make(tmp_path, kit)) as spool:
            last = [spool.put(reading(), Class.ROUTINE) for _ in range(3)][-1]
            spool.sent([1, 2, 3])
            assert spool.apply(kit.receipt(spool.epoch, last.seq)) == 3
        with closing(self.make(tmp_path, kit)) as spool:
            assert spool.put(reading(), Class.ROUTINE).seq == 4

    def test_readings_take_the_place_of_their_raw_rows(self, spool: Spool, kit: Kit) -> None:
        held = [spool.hold(raw(0)), spool.hold(raw(1))]
        other = spool.hold(raw(2))
        spool.replace(held, [(Class.ALERT, reading(0)), (Class.ROUTINE, reading(1))])
        first, second = (kit.open(row) for row in spool.pending(20))
        assert isinstance(first, ReadingBody)
        assert first.supersedes == ((1, 2),)
        assert second.supersedes == ()
        assert spool.release([*held, other]) == 1

    def test_replacing_is_all_or_nothing(self, tmp_path: Path, kit: Kit) -> None:
        """Nothing else fits into the quota: the raw rows must still be there."""
        with closing(self.make(tmp_path, kit, quota=65_536)) as spool:
            held = [spool.hold(raw(0))]
            with suppress(SpoolRefused):
                for _ in range(1000):
                    spool.put(reading(), Class.ALERT)
            before = spool.depth()
            readings = [(Class.ALERT, reading(order)) for order in range(50)]
            with pytest.raises(SpoolRefused):
                spool.replace(held, readings)
            assert spool.depth() == before
            assert spool.release(held) == 1

    def test_alerts_go_first_then_the_oldest(self, spool: Spool) -> None:
        for class_ in (Class.ROUTINE, Class.STATUS, Class.ALERT, Class.ROUTINE, Class.ALERT):
            spool.put(reading(), class_)
        assert [row.ref.seq for row in spool.pending(20)] == [3, 5, 1, 4, 2]
        assert [row.ref.seq for row in spool.pending(2, frozenset({3}))] == [5, 1]

    def test_the_newest_need_not_wait_for_a_backlog(self, spool: Spool) -> None:
        for order in range(100):
            spool.put(reading(), Class.ALERT if order in (50, 51) else Class.ROUTINE)
        oldest = [51, 52, *range(1, 14)]
        assert [row.ref.seq for row in spool.pending(20)] == [*oldest, *range(96, 101)]
        after = spool.pending(20, backlog=98)
        assert [row.ref.seq for row in after] == [*oldest, 14, 15, 16, 99, 100]

    def test_a_receipt_lets_go_of_what_it_covers_only(self, spool: Spool, kit: Kit) -> None:
        for _ in range(5):
            spool.put(reading(), Class.ROUTINE)
        spool.sent([1, 2, 3, 4])
        assert spool.apply(kit.receipt(spool.epoch, 2, 4, 5)) == 3
        assert [row.ref.seq for row in spool.pending(20)] == [3, 5]  # 5 was never sent

    def test_receipts_for_others_are_ignored(self, spool: Spool, kit: Kit) -> None:
        spool.put(reading(), Class.ROUTINE)
        spool.sent([1])
        assert spool.apply(kit.receipt(spool.epoch + 1, 9)) == 0
        assert spool.apply(kit.receipt(spool.epoch - 1, 9)) == 0
        assert spool.apply(Receipt(UUID(int=1), spool.epoch, 9)) == 0
        assert spool.depth().waiting == 1

    def test_held_rows_are_not_receipted(self, spool: Spool, kit: Kit) -> None:
        held = spool.hold(raw())
        assert spool.apply(kit.receipt(spool.epoch, 9)) == 0
        assert spool.release([held]) == 1

    def test_attempts_are_counted_before_publishing(self, spool: Spool) -> None:
        spool.put(reading(), Class.ROUTINE)
        spool.sent([1])
        spool.sent([1])
        assert [row.attempts for row in spool.pending(20)] == [2]

    def test_one_status_at_most_waits(self, spool: Spool, kit: Kit) -> None:
        spool.put(status(), Class.STATUS)
        spool.put(status(), Class.STATUS)
        spool.put(status(), Class.STATUS)
        (row,) = spool.pending(20)
        body = kit.open(row)
        assert isinstance(body, StatusBody)
        assert (row.ref.seq, body.supersedes) == (3, ((1, 2),))

    def test_a_full_spool_drops_the_oldest_routine_and_says_so(
        self, tmp_path: Path, kit: Kit
    ) -> None:
        with closing(self.make(tmp_path, kit, quota=65_536)) as spool:
            alerts = {spool.put(reading(n), Class.ALERT).seq for n in range(5)}
            last = [spool.put(reading(n), Class.ROUTINE) for n in range(300)][-1]
            assert Problem.DROPPED in spool.problems
            assert spool.depth().octets <= 65_536
            rows = spool.pending(1000)
            bodies = {row.ref.seq: kit.open(row) for row in rows}
            told = [body for body in bodies.values() if isinstance(body, GapBody)]
            assert len(told) == 1  # gaps that were not sent yet become one
            assert told[0].reason == "quota"
            missing = {s for first, end in told[0].supersedes for s in range(first, end + 1)}
            assert alerts <= bodies.keys()
            assert set(range(1, last.seq + 1)) == missing | bodies.keys()
            assert max(bodies) == last.seq

    def test_dropped_readings_account_for_what_they_replaced(
        self, tmp_path: Path, kit: Kit
    ) -> None:
        with closing(self.make(tmp_path, kit, quota=65_536)) as spool:
            spool.replace([spool.hold(raw())], [(Class.ROUTINE, reading())])
            for order in range(100):
                spool.put(reading(order), Class.ROUTINE)
            gap = next(b for b in map(kit.open, spool.pending(500)) if isinstance(b, GapBody))
            assert gap.supersedes[0][0] == 1  # the raw row, not only the reading at 2

    def test_a_spool_full_of_alerts_refuses_loudly(self, tmp_path: Path, kit: Kit) -> None:
        with closing(self.make(tmp_path, kit, quota=65_536)) as spool:
            kept = 0
            with pytest.raises(SpoolRefused):  # noqa: PT012 - which call refuses is the quota's
                while True:
                    spool.put(reading(), Class.ALERT)
                    kept += 1
            with pytest.raises(SpoolRefused):
                spool.hold(raw())
            assert Problem.REFUSED in spool.problems
            spool.put(status(), Class.STATUS)  # how else would anybody hear of it?
            rows = spool.pending(1000)
            assert [row.class_ for row in rows] == [Class.ALERT] * kept + [Class.STATUS]
            spool.sent([row.ref.seq for row in rows])
            spool.apply(kit.receipt(spool.epoch, rows[-1].ref.seq))
            spool.hold(raw())  # recovers by itself
            assert Problem.REFUSED not in spool.problems

    def test_bookmarks_survive(self, tmp_path: Path, kit: Kit) -> None:
        mark = Bookmark(41, datetime(2026, 11, 21, tzinfo=UTC))
        with closing(self.make(tmp_path, kit)) as spool:
            assert spool.bookmark(UUID(int=7)) is None
            spool.remember(UUID(int=7), Bookmark(1, mark.full_pull))
            spool.remember(UUID(int=7), mark)
        with closing(self.make(tmp_path, kit)) as spool:
            assert spool.bookmark(UUID(int=7)) == mark


class TestSqliteSpool(SpoolContract):
    """SQLite, and what can happen to its file."""

    def make(self, folder: Path, kit: Kit, quota: int = QUOTA) -> SqliteSpool:
        return SqliteSpool(folder, kit.sealer(), trusted_clock(), quota)

    def test_every_commit_is_on_the_disk(self, tmp_path: Path) -> None:
        with closing(file.open_file(tmp_path, QUOTA).db) as db:
            assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL

    @pytest.mark.parametrize("harm", ["header", "pages", "empty", "noise", "no schema"])
    def test_a_damaged_file_is_set_aside(self, tmp_path: Path, kit: Kit, harm: str) -> None:
        with closing(self.make(tmp_path, kit)) as spool:
            epoch = spool.epoch
            for _ in range(50):
                spool.put(reading(), Class.ROUTINE)
        _harm(tmp_path / file.NAME, harm)
        with closing(self.make(tmp_path, kit)) as spool:
            assert spool.epoch == epoch + 1 == read_epoch(tmp_path)
            assert Problem.DAMAGED in spool.problems
            *rescued, row = sorted(spool.pending(100), key=lambda row: row.ref.seq)
            body = kit.open(row)
            assert isinstance(body, GapBody)
            assert (row.ref, body.reason) == (Ref(epoch + 1, 1), "spool_damaged")
            assert list(tmp_path.glob("spool.db.before-*"))
            whole = 50 if harm in ("header", "pages") else 0
            assert [kit.open(row) for row in rescued] == [reading()] * whole
            headers = [read_header(row.envelope, topic_up(kit.hub, row.class_)) for row in rescued]
            assert [(one.epoch, one.seq) for one in headers] == [
                (epoch, n + 1) for n in range(whole)
            ]

    def test_what_was_rescued_is_receipted_by_its_own_epoch(self, tmp_path: Path, kit: Kit) -> None:
        with closing(self.make(tmp_path, kit)) as spool:
            epoch = spool.epoch
            for n in range(4):
                spool.put(reading(), Class.ALERT if n == 3 else Class.ROUTINE)
        _harm(tmp_path / file.NAME, "header")
        with closing(self.make(tmp_path, kit)) as spool:
            rows = spool.pending(20)
            assert [row.class_ for row in rows] == [Class.ALERT, *[Class.ROUTINE] * 4]
            assert spool.apply(kit.receipt(epoch, 4)) == 0  # not sent yet
            spool.sent([row.ref.seq for row in rows])
            assert spool.apply(kit.receipt(epoch + 1, 0)) == 0
            assert spool.apply(kit.receipt(epoch, 1, 4)) == 2
            assert spool.apply(kit.receipt(epoch + 1, 1)) == 1  # the gap
            assert spool.depth() == Depth(2, spool.depth().octets, 0, readings=True)
            assert spool.apply(kit.receipt(epoch, 4)) == 2
            assert spool.put(reading(), Class.ROUTINE) == Ref(epoch + 1, 2)

    def test_what_was_rescued_gives_way_to_the_quota_like_others(
        self, tmp_path: Path, kit: Kit
    ) -> None:
        with closing(self.make(tmp_path, kit, quota=65_536)) as spool:
            for _ in range(30):
                spool.put(reading(), Class.ROUTINE)
        _harm(tmp_path / file.NAME, "header")
        with closing(self.make(tmp_path, kit, quota=65_536)) as spool:
            for _ in range(100):
                last = spool.put(reading(), Class.ROUTINE)
            told = [
                body for row in spool.pending(500) if isinstance(body := kit.open(row), GapBody)
            ]
            missing = {
                s for gap in told for first, end in gap.supersedes for s in range(first, end + 1)
            }
            seqs = {row.ref.seq for row in spool.pending(500)}
            assert min(seqs) > 0  # the rescued were the oldest
            assert missing | seqs == set(range(1, last.seq + 1))

    def test_damage_found_at_work_begins_a_new_epoch(self, tmp_path: Path, kit: Kit) -> None:
        with closing(self.make(tmp_path, kit)) as spool:
            epoch = spool.epoch
            held = spool.hold(raw(0))
            spool._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            _harm(tmp_path / file.NAME, "noise")
            spool._db.execute("PRAGMA shrink_memory")
            again = spool.hold(raw(1))
            assert again.epoch == epoch + 1
            spool.replace([held], [(Class.ROUTINE, reading())])  # of the old epoch: no seq of ours
            assert spool.release([again]) == 1

    def test_a_lost_spool_never_repeats_a_seq(self, tmp_path: Path, kit: Kit) -> None:
        with closing(self.make(tmp_path, kit)) as spool:
            epoch = spool.epoch
        (tmp_path / file.NAME).unlink()
        with closing(self.make(tmp_path, kit)) as spool:
            assert spool.epoch == epoch + 1
            assert Problem.DAMAGED not in spool.problems

    def test_an_old_card_put_back_is_not_believed(self, tmp_path: Path, kit: Kit) -> None:
        with closing(self.make(tmp_path, kit)) as spool:
            epoch = spool.epoch
        (tmp_path / "epoch").write_text(f"{epoch + 3}\n")
        with closing(self.make(tmp_path, kit)) as spool:
            assert spool.epoch == epoch + 4

    @pytest.mark.parametrize("text", ["", "x", "-1"])
    def test_a_broken_epoch_file_is_written_anew(self, tmp_path: Path, kit: Kit, text: str) -> None:
        with closing(self.make(tmp_path, kit)) as spool:
            epoch = spool.epoch
        (tmp_path / "epoch").write_text(text)
        with closing(self.make(tmp_path, kit)) as spool:
            assert spool.epoch == epoch == read_epoch(tmp_path)

    def test_an_altered_row_becomes_a_gap(self, tmp_path: Path, kit: Kit) -> None:
        with closing(self.make(tmp_path, kit)) as spool:
            for _ in range(3):
                spool.put(reading(), Class.ROUTINE)
        with closing(sqlite3.connect(tmp_path / file.NAME)) as db, db:
            db.execute("UPDATE envelope SET envelope = zeroblob(300) WHERE seq = 2")
        with closing(self.make(tmp_path, kit)) as spool:
            rows = spool.pending(20)
            assert [row.ref.seq for row in rows] == [1, 3, 4]
            body = kit.open(rows[-1])
            assert isinstance(body, GapBody)
            assert (body.reason, body.supersedes) == ("row_damaged", ((2, 2),))

    def test_a_look_from_outside_finds_the_agent_in(self, tmp_path: Path, kit: Kit) -> None:
        """Who finds nobody in the index cuts it off, and the agent that maps it dies (SIGBUS)."""
        self.make(tmp_path, kit).close()
        with closing(self.make(tmp_path, kit)):
            look = [sys.executable, "-c", IS_ANYBODY_IN, str(tmp_path / f"{file.NAME}-shm")]
            assert subprocess.run(look, check=True, capture_output=True).stdout == b"yes\n"

    def test_a_second_agent_is_refused_and_harms_nothing(self, tmp_path: Path, kit: Kit) -> None:
        with closing(self.make(tmp_path, kit)) as spool:
            spool.put(reading(), Class.ROUTINE)
            with pytest.raises(WrongInput, match="the agent runs here"):
                self.make(tmp_path, kit)
            assert len(spool.pending(20)) == 1

    @pytest.mark.parametrize("name", [file.NAME, "epoch"])
    def test_what_cannot_be_opened_is_not_called_damaged(
        self, tmp_path: Path, kit: Kit, name: str
    ) -> None:
        (tmp_path / name).mkdir()
        with pytest.raises((EdgeError, OSError)):
            self.make(tmp_path, kit)
        assert not list(tmp_path.glob("spool.db.before-*"))

    def test_after_closing_nothing_is_set_aside(self, tmp_path: Path, kit: Kit) -> None:
        spool = self.make(tmp_path, kit)
        spool.close()
        with pytest.raises(SpoolRefused):
            spool.hold(raw())
        assert not list(tmp_path.glob("spool.db.before-*"))

    def test_no_plaintext_in_any_file(self, tmp_path: Path, kit: Kit) -> None:
        with closing(self.make(tmp_path, kit)) as spool:
            spool.hold(raw(octets=b"\x16PATIENT-OCTETS"))
            spool.put(reading(), Class.ALERT)
            kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        for secret in (
            b"PATIENT-OCTETS",
            b"blood_pressure",
            b"received_at",
            raw().indication.octets,
        ):
            assert secret not in kept
        assert b"PATIENT-OCTETS".hex().encode() not in kept

    def test_kill_9_loses_no_acknowledged_row(self, tmp_path: Path, kit: Kit) -> None:
        """A writer is killed again and again in mid-write; what it said was kept is there."""
        program = (
            "from pathlib import Path; import sys\n"
            "from tests.contract.test_spool import QUOTA\n"
            "from tests.fixtures.hub import make_kit, raw, trusted_clock\n"
            "from edge_agent.spool.sqlite import SqliteSpool\n"
            "spool = SqliteSpool(Path(sys.argv[1]), make_kit().sealer(), trusted_clock(), QUOTA)\n"
            "while True: print(spool.hold(raw()).seq, flush=True)\n"
        )
        last = 0
        for cycle in range(3):
            writer = subprocess.Popen(
                [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
            )
            assert writer.stdout is not None
            with writer.stdout as told:
                for _ in range(20 + 7 * cycle):
                    last = int(told.readline())
                writer.kill()
                last = max([last, *map(int, told.read().split("\n")[:-1])])
            writer.wait()
        with closing(self.make(tmp_path, kit)) as spool:
            rows = spool.release()
            assert last <= rows <= last + 5  # a commit may be ahead of its print
            found = [row.ref.seq for row in spool.pending(10_000)]
            assert found == list(range(1, rows + 1))

    def test_a_full_disk_frees_the_ballast(self, tmp_path: Path, kit: Kit) -> None:
        with closing(self.make(tmp_path, kit)) as spool:
            assert (tmp_path / "ballast").stat().st_size > 2**19
            pages = spool._db.execute("PRAGMA page_count").fetchone()[0]
            spool._db.execute(f"PRAGMA max_page_count = {pages}")
            with pytest.raises(SpoolRefused):  # noqa: PT012 - which call fails is the page's
                while True:
                    spool.put(reading(), Class.ALERT)
            assert not (tmp_path / "ballast").exists()
            rows = spool.pending(1000)
            spool.sent([rows[0].ref.seq])
            assert spool.apply(kit.receipt(spool.epoch, rows[0].ref.seq)) == 1


def _harm(path: Path, harm: str) -> None:
    octets = bytearray(path.read_bytes())
    if harm == "header":
        octets[:16] = b"not a database!!"
    elif harm == "pages":
        octets[4096:8192] = b"\xa5" * 4096
    elif harm == "noise":
        octets[100:] = b"\xa5" * (len(octets) - 100)
    elif harm == "empty":
        octets.clear()
    else:
        path.unlink()
        sqlite3.connect(path).executescript("CREATE TABLE other (x); VACUUM;").close()
        return
    path.write_bytes(octets)
