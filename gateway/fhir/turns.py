"""Whose turn it is: the organisation's whose last turn is longest ago.

So one that asks for much, or whose endpoints are dead, keeps another waiting for one turn at most.
A process keeps it in memory: who starts again begins anew, and nobody has lost more than a turn.
"""

from uuid import UUID


class Turns:
    """Organisations in the order of their last turns."""

    def __init__(self) -> None:
        self._had: dict[UUID, None] = {}

    @property
    def had(self) -> list[UUID]:
        """Return those that had one, the latest last."""
        return list(self._had)

    def took(self, organisation: UUID) -> None:
        """Note that it has had its turn now."""
        self._had.pop(organisation, None)
        self._had[organisation] = None
