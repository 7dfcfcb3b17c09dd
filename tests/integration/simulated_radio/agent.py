"""A small Agent1 as a patient's helper would be: it knows a passkey, and notes what it was asked.

It answers raw messages, so that it shares nothing with the agent of the hub.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus

PATH: Final = "/test/agent"


class TestAgent:
    """Answers RequestPasskey with `passkey`; None refuses everything."""

    __test__ = False

    def __init__(self, passkey: int | None) -> None:
        self._passkey = passkey
        self.asked: list[str] = []

    def answer(self, message: Message) -> Message | bool:
        """Handle one message of the bus."""
        if message.message_type is not MessageType.METHOD_CALL or message.path != PATH:
            return False
        self.asked.append(message.member or "")
        if self._passkey is None:
            return Message.new_error(message, "org.bluez.Error.Rejected", "no")
        if message.member == "RequestPasskey":
            return Message.new_method_return(message, "u", [self._passkey])
        return Message.new_method_return(message)


@asynccontextmanager
async def agent(passkey: int | None = 0) -> AsyncIterator[TestAgent]:
    """Register a default agent for as long as the block runs."""
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    one = TestAgent(passkey)
    bus.add_message_handler(one.answer)
    for member, signature, body in (
        ("RegisterAgent", "os", [PATH, "KeyboardDisplay"]),
        ("RequestDefaultAgent", "o", [PATH]),
    ):
        reply = await bus.call(
            Message(
                "org.bluez",
                "/org/bluez",
                "org.bluez.AgentManager1",
                member,
                signature=signature,
                body=body,
            )
        )
        assert reply is not None
        assert reply.message_type is MessageType.METHOD_RETURN
    try:
        yield one
    finally:
        bus.disconnect()
