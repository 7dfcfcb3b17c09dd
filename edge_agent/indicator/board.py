"""Looks at the agent's parts and shows the patient what they come to."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from itertools import count
from typing import Final

from edge_agent.core.indication import Facts, Shown
from edge_agent.errors import SpoolRefused
from edge_agent.logs import log
from edge_agent.ports import Indicator, Problem
from edge_agent.radio.home import Home
from edge_agent.radio.keeper import Keeper
from edge_agent.uplink.sender import Sender

# Eight steps a second look like a light that runs.
TICK_S: Final = 0.125
# The spool is asked less often than the lights move.
LOOK_TICKS: Final = 4


class Board:
    """Runs beside the other loops; whatever fails here fails alone."""

    def __init__(
        self, indicator: Indicator, home: Home, sender: Sender, keepers: Sequence[Keeper]
    ) -> None:
        self._indicator, self._home = indicator, home
        self._sender, self._keepers = sender, keepers
        self._shown = Shown()
        self._lost: dict[Problem, datetime | None] = {}

    async def run(self) -> None:
        """Show until cancelled, then go dark."""
        try:
            for tick in count():
                if tick % LOOK_TICKS == 0:
                    self._look()
                self._indicator.show(self._shown.state, tick)
                await asyncio.sleep(TICK_S)
        except Exception as error:  # noqa: BLE001 - lights must never stop a hub
            log.warning("indicator_failed", error=type(error).__name__)
            await asyncio.Event().wait()
        finally:
            with suppress(Exception):
                self._indicator.close()

    def _look(self) -> None:
        spool, sender = self._home.spool, self._sender
        try:
            waiting = spool.depth().readings
        except SpoolRefused:
            return
        lost = {one: spool.problems.get(one) for one in (Problem.DROPPED, Problem.DAMAGED)}
        new, self._lost = lost != self._lost, lost
        facts = Facts(
            connected=sender.connected.is_set() and not sender.nobody_listens,
            measuring=any(keeper.in_session for keeper in self._keepers),
            waiting=waiting,
            kept=self._home.kept,
            receipted=sender.receipted,
            dropped=new,
        )
        self._shown = self._shown.next(facts, self._home.clock.monotonic())
