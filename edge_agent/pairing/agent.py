"""The pairing agent with a person behind it, who can read a number and type one.

No `from __future__ import annotations` here: dbus-fast reads the annotations at run time.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from device_profiles.problems import DeviceProblem
from edge_agent.core.allow_list import Allowed, AllowList
from edge_agent.radio.agent import Agent

Ask = Callable[[], Coroutine[Any, Any, str]]


class Chosen(AllowList):
    """Nobody, until the technician has chosen; then that one device."""

    def __init__(self) -> None:
        super().__init__(())

    def choose(self, allowed: Allowed) -> None:
        """Allow this device and no other."""
        super().__init__((allowed,))


class TalkingAgent(Agent):
    """Asks for the passkey when the device wants it, and shows what is to be typed at the device.

    Without `ask` nobody is there, and it answers as the hub's own agent does.
    """

    def __init__(
        self,
        allow_list: AllowList,
        passkeys: dict[str, str],
        ask: Ask | None,
        say: Callable[[str], None],
    ) -> None:
        super().__init__(allow_list, passkeys)
        self._typed, self._ask, self._say = passkeys, ask, say
        self._asking: asyncio.Task[str] | None = None
        self.used: dict[str, str] = {}
        """The passkeys that were given, by address."""

    def explain(self, address: str) -> DeviceProblem:
        """Return why pairing has failed; a wrong passkey is asked for anew."""
        problem = super().explain(address)
        if problem is DeviceProblem.PASSKEY_WRONG and self._ask is not None:
            self._typed.pop(address, None)
        return problem

    async def _passkey(self, path: str) -> str:
        address = self._allowed(path).device.address
        if self._ask is not None and address not in self._typed:
            self._asking = asyncio.create_task(self._ask())
            try:
                await asyncio.wait({self._asking})
            finally:
                self._asking.cancel()
            if self._asking.cancelled() or not self._asking.result():
                self._reject(path, "withdrawn")
            self._typed[address] = self._asking.result()
        self.used[address] = passkey = await super()._passkey(path)
        return passkey

    def _withdraw(self) -> None:
        if self._asking is not None:
            self._asking.cancel()

    def _show(self, path: str, number: str) -> None:
        if self._ask is None:
            super()._show(path, number)
        self._allowed(path)
        self._say(f"Type {number} at the device.")
