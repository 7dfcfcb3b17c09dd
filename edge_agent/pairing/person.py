"""Speaks with the technician, and reads what they type while the radio works: nothing blocks."""

import asyncio
import os
import re
import sys
from collections.abc import Callable
from typing import Final

from edge_agent.pairing.near import Near, Nearby

MOST: Final = 4096
DIGITS: Final = re.compile(r"[0-9]{6}")
Say = Callable[[str], None]


class Person:
    """Whoever sits at standard input."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._octets = b""

    async def choose(self, nearby: Nearby) -> Near | None:
        """Let them choose while devices come; None where nobody chose."""
        while (line := await self._line()) is not None:
            near = nearby.numbered(int(line)) if line.isascii() and line.isdigit() else None
            if near is not None:
                return near
            for number, near in enumerate(nearby.listed(), 1):
                self.list(number, near)
            if nearby.others:
                self._say(f"     {nearby.others} more are not recognised; --all shows them.")
        return None

    def list(self, number: int, near: Near) -> None:
        """Show a device with the number to type."""
        self._say(f"{number:3}  {near.line()}")

    async def passkey(self) -> str:
        """Ask for a device's passkey."""
        self._say("The device wants a passkey: the six digits in its display, or printed on it.")
        self._say("Type them, and Enter:")
        while (line := await self._line()) is not None:
            if DIGITS.fullmatch(bare := line.replace(" ", "")):
                return bare
            self._say("A passkey has six digits. Once more:")
        return ""

    async def _line(self) -> str | None:
        """Return the next line; None where nobody types any more."""
        while b"\n" not in self._octets:
            more = await _typed(sys.stdin.fileno())
            if not more:
                return None
            self._octets += more
        line, _, self._octets = self._octets.partition(b"\n")
        return line.decode("utf-8", "replace").strip()


async def _typed(handle: int) -> bytes:
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_reader(handle, ready.set)
    except PermissionError:  # a file, or /dev/null: it never keeps anybody waiting
        return os.read(handle, MOST)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(handle)
    return os.read(handle, MOST)
