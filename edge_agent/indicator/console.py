"""The indicator as lines of text, for a hub on somebody's desk."""

import sys
from typing import TextIO

from edge_agent.core.indication import State

WORDS = {
    State.READY: "ready",
    State.MEASURING: "measuring ...",
    State.DELIVERED: "delivered: the reading has arrived",
    State.NO_CONNECTION: "no connection: readings are kept until there is one",
}


class ConsoleIndicator:
    """See `ports.Indicator`. One line for each change."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._shown: State | None = None

    def show(self, state: State, tick: int) -> None:  # noqa: ARG002 - text does not move
        """See `ports.Indicator`."""
        if state is not self._shown:
            self._shown = state
            self._out.write(WORDS[state] + "\n")
            self._out.flush()

    def close(self) -> None:
        """See `ports.Indicator`."""
        self._shown = None
