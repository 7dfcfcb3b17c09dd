"""The send window: small, resent with a growing wait, never blocked by what nobody receipts."""

from device_profiles.wire.v1 import Class
from edge_agent.core.window import SIZE, Window
from edge_agent.ports import Answer, Ref, Row


def rows(*seqs: int) -> list[Row]:
    return [Row(Ref(1, seq), Class.ROUTINE, b"", 0) for seq in seqs]


def seqs(chosen: list[Row]) -> list[int]:
    return [row.ref.seq for row in chosen]


def test_a_row_is_published_once_until_it_is_due_again() -> None:
    window, sent = Window(), []
    for second in range(60):
        sent += [second] * len(window.choose(rows(1), float(second)))
    assert sent == [0, 5, 15, 35]  # 5, 10, 20, 40 s apart


def test_a_resend_waits_five_minutes_at_most() -> None:
    window, now = Window(), 0.0
    for _ in range(20):
        assert seqs(window.choose(rows(1), now)) == [1]
        due = window.next_due(now)
        assert due is not None
        last, now = now, due
    assert now - last == 300.0


def test_what_nobody_heard_is_sent_again_soon() -> None:
    window = Window()
    window.choose(rows(1), 0.0)
    window.answered(1, Answer.TAKEN, 0.1)
    assert window.next_due(0.1) == 10.1  # it waits there for the gateway
    window.answered(1, Answer.NOBODY_LISTENS, 0.1)
    assert window.next_due(0.1) == 1.1
    window.answered(99, Answer.REFUSED, 0.1)  # of a row that is gone


def test_what_nobody_heard_is_due_when_somebody_listens_again() -> None:
    window, now = Window(), 0.0
    for _ in range(5):
        assert seqs(window.choose(rows(1, 2), now)) == [1, 2]
        for seq in (1, 2):
            window.answered(seq, Answer.NOBODY_LISTENS, now)
        now = window.next_due(now) or now
    window.answered(2, Answer.TAKEN, now - 10)
    assert seqs(window.choose(rows(1, 2), now - 10)) == []
    window.heard_again(now - 10)
    assert seqs(window.choose(rows(1, 2), now - 10)) == [1]


def test_receipted_rows_leave_the_window() -> None:
    window = Window()
    window.choose(rows(1, 2, 3), 0.0)
    window.receipted(lambda seq: seq <= 2, 1.0)
    assert seqs(window.choose(rows(3, 4), 1.0)) == [4]
    assert 1 not in window
    assert 3 in window


def test_rows_that_never_get_a_receipt_do_not_block_the_others() -> None:
    window, now = Window(), 0.0
    poison = list(range(1, SIZE + 1))
    window.choose(rows(*poison, 99), now)
    for seq in poison:
        window.answered(seq, Answer.TAKEN, 0.1)
    window.receipted(lambda seq: seq == 99, 0.5)  # the gateway lives
    assert seqs(window.choose(rows(*poison), 10.1)) == poison
    for seq in poison:
        window.answered(seq, Answer.TAKEN, 10.2)
    assert window.stalled(14.9) == frozenset()
    assert window.stalled(15.0) == set(poison)
    assert seqs(window.choose(rows(21, 22), 15.0)) == [21, 22]
    due = window.next_due(now + 25)
    assert due is not None
    assert not window.stalled(due) & set(poison)  # their turn comes again


def test_while_the_gateway_is_silent_nothing_passes_the_window() -> None:
    window, now = Window(), 0.0
    for _ in range(6):
        window.choose(rows(1, 2), now)
        now = window.next_due(now) or now
    assert window.stalled(now - 0.1) == frozenset()


def test_rows_that_no_receipt_reaches_do_not_block_the_others() -> None:
    window = Window()
    window.choose(rows(1, 9001, 9002), 0.0)
    assert window.stalled(0.1) == frozenset()  # who is silent may reach anything
    window.receipted(lambda seq: seq == 1, 0.2, reach=9001)
    assert window.stalled(0.3) == {9002}
    assert window.stalled(5.0) == frozenset()  # sent again as any other
    window.receipted(lambda seq: seq <= 2, 0.4, reach=9002)
    assert window.stalled(0.5) == frozenset()
