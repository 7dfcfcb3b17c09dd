"""What the hub shows to the patient. "Delivered" comes from the gateway's receipt, never earlier.

"A measurement is due" is missing: the hub has no schedule yet.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

# Long enough to look up from the cuff.
DELIVERED_S: Final = 10.0


class State(StrEnum):
    """What can be shown."""

    READY = "ready"
    MEASURING = "measuring"
    DELIVERED = "delivered"
    NO_CONNECTION = "no_connection"


@dataclass(frozen=True, slots=True)
class Facts:
    """The hub at one moment. `kept` counts records, `receipted` the rows that receipts let go of.

    `dropped`: something was lost since the last look.
    """

    connected: bool
    measuring: bool
    waiting: bool
    kept: int
    receipted: int
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown, and the counts when nothing waited last. Seconds are monotonic."""

    state: State = State.READY
    waiting: bool = False
    kept: int = 0
    receipted: int = 0
    until: float = float("-inf")

    def next(self, facts: Facts, now: float) -> "Shown":
        """Return what to show now. A reading may come and be receipted between two looks."""
        if facts.waiting:
            return replace(self, waiting=True, state=_state(facts, delivered=False))
        came = self.waiting or facts.kept > self.kept
        arrived = came and facts.receipted > self.receipted and not facts.dropped
        until = now + DELIVERED_S if arrived else self.until
        state = _state(facts, delivered=now < until)
        return Shown(state, False, facts.kept, facts.receipted, until)


def _state(facts: Facts, *, delivered: bool) -> State:
    if delivered:
        return State.DELIVERED
    if facts.measuring:
        return State.MEASURING
    return State.READY if facts.connected else State.NO_CONNECTION


def ring(state: State, tick: int, lights: int) -> tuple[bool, ...]:
    """Return which lights of a ring are on at one tick.

    Measuring runs round, delivered is the whole ring, no connection is one light that blinks.
    """
    match state:
        case State.MEASURING:
            return tuple(place == tick % lights for place in range(lights))
        case State.DELIVERED:
            return (True,) * lights
        case State.NO_CONNECTION:
            return (tick // 8 % 2 == 0, *(False,) * (lights - 1))
        case State.READY:
            return (False,) * lights
