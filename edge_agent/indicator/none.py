"""A hub without lights."""

from edge_agent.core.indication import State


class NoIndicator:
    """See `ports.Indicator`. Shows nothing."""

    def show(self, state: State, tick: int) -> None:
        """See `ports.Indicator`."""

    def close(self) -> None:
        """See `ports.Indicator`."""
