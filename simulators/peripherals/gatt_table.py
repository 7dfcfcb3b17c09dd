"""What a peripheral shows over GATT, and what it sees of the central: no D-Bus, no BlueZ."""

from dataclasses import dataclass
from typing import Final, Protocol

from device_profiles.gatt import Uuid

READ_NOT_PERMITTED: Final = 0x02
WRITE_NOT_PERMITTED: Final = 0x03
INVALID_LENGTH: Final = 0x0D
VALUE_NOT_ALLOWED: Final = 0x13
CCCD_IMPROPERLY_CONFIGURED: Final = 0xFD
PROCEDURE_IN_PROGRESS: Final = 0xFE


class AttError(Exception):
    """The peripheral refuses a request with an ATT error code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"ATT error 0x{code:02x}")
        self.code = code


class LinkLost(Exception):
    """The link ended before the other side confirmed."""


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One characteristic; `flags` are BlueZ's words (read, write, notify, indicate)."""

    uuid: Uuid
    flags: tuple[str, ...]
    encrypted: bool = False

    @property
    def notifies(self) -> bool:
        """Tell whether it has a client characteristic configuration."""
        return "notify" in self.flags or "indicate" in self.flags


@dataclass(frozen=True, slots=True)
class Service:
    """One primary service."""

    uuid: Uuid
    characteristics: tuple[Characteristic, ...]


class Link(Protocol):
    """The connection as the peripheral sees it."""

    async def indicate(self, uuid: Uuid, octets: bytes) -> bool:
        """Send and wait for the confirmation, which BlueZ gives with or without a subscriber.

        Return whether there was one: the device can't know, a test wants to.
        """

    async def notify(self, uuid: Uuid, octets: bytes) -> None:
        """Send; nobody confirms."""

    def hang_up(self) -> None:
        """End the connection."""
