"""The contract of `ports.Spool`: what every spool must keep, whatever happens to it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from device_profiles.wire.body import GapBody, ReadingBody, StatusBody
from device_profiles.wire.v1 import Class, Receipt, read_header, topic_up
from edge_agent.errors import SpoolRefused
from edge_agent.ports import Bookmark, Problem, Spool
from tests.fixtures.hub import Kit, make_kit, raw, reading, status

QUOTA = 64 * 2**20


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
