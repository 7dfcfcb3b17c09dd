"""org.bluez.AgentManager1, and calls to the Agent1 that a client has registered."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

from simulators.bluez.call import Call
from simulators.bluez.errors import BluezError

AGENT: Final = "org.bluez.Agent1"
# bluetoothd drops a pairing that nobody answers after 30 s.
ANSWER_S: Final = 30.0
# With these a passkey can't be entered: the devices that show one refuse to pair.
WITHOUT_KEYBOARD: Final = frozenset({"NoInputNoOutput", "DisplayOnly", "DisplayYesNo"})


class AgentRefused(Exception):
    """The agent said no, or nothing in time."""


@dataclass(frozen=True, slots=True)
class Agent:
    """Where to ask, and what the client said it can do."""

    sender: str
    path: str
    capability: str


def _nobody(there: bool) -> None:
    """Nobody wants to know."""


class Agents:
    """All registered agents. A client is asked by its own, else by the default one."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._by_sender: dict[str, Agent] = {}
        self._default: Agent | None = None
        self._changed: Callable[[bool], None] = _nobody

    def on_change(self, changed: Callable[[bool], None]) -> None:
        """Tell `changed` whether there is an agent, whenever that may be another answer."""
        self._changed = changed

    async def register(self, call: Call) -> None:
        """RegisterAgent(path, capability)."""
        path, capability = call.arguments
        if call.sender in self._by_sender:
            raise BluezError("AlreadyExists", "Already Exists")
        self._by_sender[call.sender] = Agent(call.sender, path, capability or "KeyboardDisplay")
        call.answer()
        self._changed(True)

    async def make_default(self, call: Call) -> None:
        """RequestDefaultAgent(path)."""
        self._default = self._of(call)

    async def unregister(self, call: Call) -> None:
        """UnregisterAgent(path)."""
        self._of(call)
        self.client_gone(call.sender)

    def client_gone(self, sender: str) -> None:
        """Forget a client's agent."""
        if self._by_sender.pop(sender, None) is not None:
            self._changed(bool(self._by_sender))
        if self._default is not None and self._default.sender == sender:
            self._default = None

    def agent_for(self, sender: str) -> Agent | None:
        """Return who answers for pairing that `sender` has started."""
        return self._by_sender.get(sender, self._default)

    async def request_passkey(self, agent: Agent, device: str) -> int:
        """Ask for the six digits that the device shows."""
        reply = await self._ask(agent, "RequestPasskey", "o", [device])
        return int(reply.body[0])

    async def request_confirmation(self, agent: Agent, device: str) -> None:
        """Ask whether Just Works pairing is wanted."""
        await self._ask(agent, "RequestConfirmation", "ou", [device, 0])

    async def request_authorization(self, agent: Agent, device: str) -> None:
        """Ask whether pairing that nobody called Pair for is wanted."""
        await self._ask(agent, "RequestAuthorization", "o", [device])

    async def _ask(self, agent: Agent, member: str, signature: str, body: list[object]) -> Message:
        question = Message(
            destination=agent.sender,
            path=agent.path,
            interface=AGENT,
            member=member,
            signature=signature,
            body=body,
        )
        try:
            reply = await asyncio.wait_for(self._bus.call(question), ANSWER_S)
        except TimeoutError as error:
            raise AgentRefused("no answer") from error
        if reply is None or reply.message_type is not MessageType.METHOD_RETURN:
            raise AgentRefused(reply.error_name if reply else "no answer")
        return reply

    def _of(self, call: Call) -> Agent:
        agent = self._by_sender.get(call.sender)
        if agent is None or agent.path != call.arguments[0]:
            raise BluezError("DoesNotExist", "Does Not Exist")
        return agent
