"""All that org.bluez sends, in order, and never faster than the bus takes it.

dbus-fast 5.2 ends the connection when its socket's buffer is full in mid-burst (EAGAIN reaches
its error handler). Asking the daemon something now and then proves that it has read so far.
"""

import asyncio
from typing import Final

from dbus_fast import Message
from dbus_fast.aio import MessageBus

# A buffer of 208 KiB held 129 small messages when it broke.
BETWEEN_QUESTIONS: Final = 32


class Outbox:
    """A queue in front of the bus."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._waiting: asyncio.Queue[tuple[Message, asyncio.Future[None]]] = asyncio.Queue()

    def send(self, message: Message) -> asyncio.Future[None]:
        """Send later, in the order of the calls; the future is done once it has left."""
        left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((message, left))
        return left

    async def empty(self) -> None:
        """Send what comes in, for as long as the simulator runs."""
        count = 0
        while True:
            message, left = await self._waiting.get()
            await self._bus.send(message)
            if not left.done():
                left.set_result(None)
            count += 1
            if count % BETWEEN_QUESTIONS == 0:
                await self._bus.call(_question())


def _question() -> Message:
    return Message(
        destination="org.freedesktop.DBus",
        path="/org/freedesktop/DBus",
        interface="org.freedesktop.DBus",
        member="GetId",
    )
