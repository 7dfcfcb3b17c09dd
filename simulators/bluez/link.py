"""One connection between BlueZ and a peripheral: what the peripheral sends goes to the clients."""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from device_profiles.gatt import Uuid
from simulators.bluez.gatt import GattObjects, RemoteCharacteristic
from simulators.peripherals.gatt_table import LinkLost

# An indication is confirmed one connection event later, usually 30 ms. A link that breaks before
# leaves it unconfirmed, and the device keeps it.
CONFIRM_S: Final = 0.03


class RadioLink:
    """Implements the peripheral's Link."""

    def __init__(self, gatt: GattObjects, hang_up: Callable[[], None], confirm_s: float) -> None:
        self._gatt = gatt
        self._hang_up = hang_up
        self._confirm_s = confirm_s
        self._pipes: dict[Uuid, socket.socket] = {}
        self.alive = True
        self.blocked = False  # by a request that the device does not answer
        self.ended, self.timed_out = asyncio.Event(), asyncio.Event()

    async def indicate(self, uuid: Uuid, octets: bytes) -> bool:
        """Deliver and be confirmed; without a listener confirmed all the same, and lost."""
        heard = self._deliver(uuid, octets)
        await asyncio.sleep(self._confirm_s)
        if not self.alive:
            raise LinkLost
        return heard

    async def notify(self, uuid: Uuid, octets: bytes) -> None:
        """Deliver."""
        if not self.alive:
            raise LinkLost
        self._deliver(uuid, octets)
        await asyncio.sleep(0)

    def hang_up(self) -> None:
        """The peripheral ends it."""
        if self.alive:
            self._hang_up()

    def open_pipe(self, uuid: Uuid) -> int:
        """Give AcquireNotify its file descriptor; from now on values go there."""
        ours, theirs = socket.socketpair(
            socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK
        )
        self._pipes[uuid] = ours
        try:
            return os.dup(theirs.fileno())
        finally:
            theirs.close()

    def watch_pipe(self, uuid: Uuid, closed: Callable[[], None]) -> None:
        """Call `closed` when the client closes its end."""
        pipe = self._pipes[uuid]
        asyncio.get_running_loop().add_reader(pipe.fileno(), closed)

    def has_pipe(self, uuid: Uuid) -> bool:
        """Tell whether a client has acquired this characteristic."""
        return uuid in self._pipes

    def close_pipe(self, uuid: Uuid) -> None:
        """End what AcquireNotify began."""
        pipe = self._pipes.pop(uuid)
        asyncio.get_running_loop().remove_reader(pipe.fileno())
        pipe.close()

    def end(self) -> None:
        """The link is down."""
        self.alive = False
        self.ended.set()
        self.timed_out.set()
        for uuid in list(self._pipes):
            self.close_pipe(uuid)

    def _deliver(self, uuid: Uuid, octets: bytes) -> bool:
        remote: RemoteCharacteristic = self._gatt.by_uuid[uuid]
        if pipe := self._pipes.get(uuid):
            with suppress(BlockingIOError, BrokenPipeError):
                pipe.send(octets)
        elif remote.listeners:
            remote.show_value(octets)
        return bool(pipe or remote.listeners)
