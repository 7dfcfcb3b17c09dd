"""Our spool keeps the contract, and what can happen to its file."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from device_profiles.wire.body import GapBody
from device_profiles.wire.v1 import Class, read_header, topic_up
from edge_agent.errors import EdgeError, SpoolRefused, WrongInput
from edge_agent.ports import Depth, Problem, Ref
from edge_agent.spool import file
from edge_agent.spool.epoch import read_epoch
from edge_agent.spool.sqlite import SqliteSpool
from tests.contract.spool_contract import QUOTA, SpoolContract
from tests.fixtures.hub import Kit, raw, reading, trusted_clock

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
