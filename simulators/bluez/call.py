"""A method call that waits for its answer; the order of answers and signals matters to clients."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from dbus_fast import Message

from simulators.bluez.errors import BluezError


class Call:
    """One call; `answer` may be sent before the work that follows it is done."""

    def __init__(self, message: Message, send: Callable[[Message], Awaitable[None]]) -> None:
        self._message = message
        self._send = send
        self.answered = False
        self.path = message.path or ""
        self.sender = message.sender or ""
        self.arguments: list[Any] = message.body

    def answer(
        self, signature: str = "", body: Sequence[Any] = (), fds: Sequence[int] = ()
    ) -> Awaitable[None]:
        """Send the result; awaiting it means awaiting that it has left."""
        self.answered = True
        reply = Message.new_method_return(self._message, signature, list(body), list(fds))
        return self._send(reply)

    def refuse(self, error: BluezError) -> None:
        """Send an error."""
        self.answered = True
        self._send(Message.new_error(self._message, error.name, error.text))


Handler = Callable[[Call], Awaitable[None]]
