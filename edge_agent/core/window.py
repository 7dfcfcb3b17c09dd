"""Which waiting rows to publish now: a small window, sent again with a growing wait.

All hubs of a shard share one queue at the broker, so no hub may fill it with its backlog.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from edge_agent.core.backoff import wait_s
from edge_agent.ports import Answer, Row

SIZE: Final = 20
# The broker's answer comes within milliseconds of the publish when all is well.
RESEND_FIRST_S: Final = 5.0
# What the broker has taken it keeps for the gateway; sent again too soon it would only wait behind
# itself. But a broker that is told to read its files anew (SIGHUP) may drop what it holds, without
# ending a connection: so not much later either.
RESEND_TAKEN_S: Final = 10.0
RESEND_MOST_S: Final = 300.0
# Nobody listens: the gateway restarts within seconds, and the alert must not wait for the timer.
UNHEARD_S: Final = (1.0, 30.0)
# The gateway never receipts what it cannot believe. A row that waits so long while receipts for
# others come must not keep the rows behind it from going out.
STALLED_AFTER_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class _Flight:
    due: float
    attempts: int
    first_sent: float
    unheard: bool = False


class Window:
    """What was published on this connection and has no receipt yet."""

    def __init__(self) -> None:
        self._flights: dict[int, _Flight] = {}
        self._last_receipt = float("-inf")
        self._reach = float("inf")

    def stalled(self, now: float) -> frozenset[int]:
        """Return the seqs that wait outside the window for their next turn, or for the receipts
        to get as far: an alert that was sent before a long backlog is too far ahead of it."""
        return frozenset(
            seq
            for seq, flight in self._flights.items()
            if (now - flight.first_sent >= STALLED_AFTER_S or seq > self._reach)
            and flight.due > now
            and self._last_receipt >= flight.first_sent
        )

    def choose(self, rows: Sequence[Row], now: float) -> list[Row]:
        """Return the rows to publish now; they count as published."""
        chosen = [row for row in rows if self._due(row.ref.seq, now)]
        for row in chosen:
            self._publish(row.ref.seq, now)
        return chosen

    def _due(self, seq: int, now: float) -> bool:
        flight = self._flights.get(seq)
        return flight is None or flight.due <= now

    def _publish(self, seq: int, now: float) -> None:
        old = self._flights.get(seq) or _Flight(now, 0, now)
        attempts = old.attempts + 1
        due = now + wait_s(attempts, RESEND_FIRST_S, RESEND_MOST_S)
        self._flights[seq] = _Flight(due, attempts, old.first_sent)

    def answered(self, seq: int, answer: Answer, now: float) -> None:
        """Take the broker's answer; what nobody heard or was refused is sent again sooner."""
        flight = self._flights.get(seq)
        if flight is not None:
            taken = answer is Answer.TAKEN
            first, most = (RESEND_TAKEN_S, RESEND_MOST_S) if taken else UNHEARD_S
            wait = wait_s(flight.attempts, first, most)
            unheard = answer is Answer.NOBODY_LISTENS
            self._flights[seq] = replace(flight, due=now + wait, unheard=unheard)

    def heard_again(self, now: float) -> None:
        """Somebody listens again: what nobody heard is due, the urgent with it."""
        for seq, flight in self._flights.items():
            if flight.unheard:
                self._flights[seq] = replace(flight, due=now, unheard=False)

    def receipted(
        self, covers: Callable[[int], bool], now: float, reach: float = float("inf")
    ) -> None:
        """Forget the rows that a receipt covers. It can tell of no seq above `reach`."""
        self._last_receipt, self._reach = now, reach
        self._flights = {seq: flight for seq, flight in self._flights.items() if not covers(seq)}

    def next_due(self, now: float) -> float | None:
        """Return when the next row has to be sent again."""
        return min((f.due for f in self._flights.values() if f.due > now), default=None)

    def __contains__(self, seq: object) -> bool:
        return seq in self._flights

    def __len__(self) -> int:
        return len(self._flights)
