"""What a hub says to a device that does not speak unasked: pure, one Talk per session."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from device_profiles.gatt import Uuid
from device_profiles.reading import Indication


@dataclass(frozen=True, slots=True)
class Write:
    """Octets for a characteristic, written after a pause."""

    uuid: Uuid
    octets: bytes
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SetClock:
    """Octets made of the home's wall time when they are written; left out where it is not known."""

    uuid: Uuid
    octets: Callable[[datetime], bytes]
    after_s: float = 0.0


Said: TypeAlias = Write | SetClock


@dataclass(frozen=True, slots=True)
class Consent:
    """A user of a device, and the code that the device showed that user."""

    user: int
    code: int


@dataclass(frozen=True, slots=True)
class Owner:
    """What the owner told the hub about one device."""

    consents: tuple[Consent, ...] = ()


class Talk(Protocol):
    """One side of a conversation. It sees all indications, kept or not."""

    def begin(self) -> Sequence[Said]:
        """Return what to write once everything is subscribed."""

    def heard(self, indication: Indication) -> Sequence[Said]:
        """Return what to write after an indication."""


class Script:
    """Says the same at the start of every session, and nothing later."""

    def __init__(self, *writes: Said) -> None:
        self._writes = writes

    def begin(self) -> Sequence[Said]:
        """Return the writes."""
        return self._writes

    def heard(self, indication: Indication) -> Sequence[Said]:  # noqa: ARG002
        """Return nothing."""
        return ()


def silent(owner: Owner) -> Talk:  # noqa: ARG001
    """Say nothing: the device speaks by itself."""
    return Script()


def says(*writes: Said) -> Callable[[Owner], Talk]:
    """Say this at the start of every session."""
    return lambda _: Script(*writes)
