"""Seals bodies to the gateway and signs them as this hub."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from device_profiles.wire.body import dump_body, utc_ms
from device_profiles.wire.hub_file import HubFile, RecipientRecord
from device_profiles.wire.keys import RecipientPublic
from device_profiles.wire.v1 import OVERHEAD, Class, Place, write_envelope
from edge_agent.ports import Body, Clock


@dataclass(frozen=True, slots=True)
class Sealer:
    """The hub's identity as the spool needs it."""

    hub_file: HubFile
    key: Ed25519PrivateKey
    clock: Clock
    recipients: Callable[[], tuple[RecipientRecord, ...]] | None = None
    """The keys as they are now; without: those of hub.toml."""

    @property
    def hub(self) -> UUID:
        """Return whose envelopes these are."""
        return self.hub_file.hub

    def own(self) -> tuple[HubFile, Ed25519PublicKey]:
        """Return what tells this hub's envelopes from all others."""
        return self.hub_file, self.key.public_key()

    def seal(self, body: Body, class_: Class, epoch: int, seq: int) -> bytes:
        """Return the envelope for one place in the hub's sequence."""
        place = Place(
            organisation=self.hub_file.organisation,
            hub=self.hub,
            epoch=epoch,
            seq=seq,
            sealed_at_ms=utc_ms(self.clock.now()) if self.clock.trusted() else 0,
            class_=class_,
        )
        return write_envelope(dump_body(body), place, self._recipient(), self.key)

    def size(self, body: Body) -> int:
        """Return how many octets the envelope will have."""
        return len(dump_body(body)) + OVERHEAD[self._recipient().suite]

    def _recipient(self) -> RecipientPublic:
        records = self.recipients() if self.recipients else self.hub_file.recipients
        record = newest(records, self.clock)
        return RecipientPublic(record.suite, record.public)


def newest(records: tuple[RecipientRecord, ...], clock: Clock) -> RecipientRecord:
    """Return the newest valid key.

    Where none is valid by the clock, the newest of all: the gateway keeps its old keys, and a
    reading that could not be sealed would be lost.
    """
    now = clock.now()
    valid = [one for one in records if one.not_before <= now < one.not_after]
    return max(valid or records, key=lambda one: one.not_before)
