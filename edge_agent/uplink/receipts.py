"""Verifies what comes down with any of the gateway's receipt keys."""

from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from device_profiles.errors import WireError
from device_profiles.wire.v1 import BadSignature, Receipt, read_receipt
from edge_agent.ports import Downlink


class Receipts:
    """Reads receipts for one hub."""

    def __init__(self, hub: UUID, keys: tuple[Ed25519PublicKey, ...]) -> None:
        self._hub, self._keys = hub, keys

    def read(self, message: Downlink) -> Receipt:
        """Return the receipt. Raises WireError, whose code says why it is none."""
        refusal: WireError = BadSignature("no key of the gateway signed this")
        for key in self._keys:
            try:
                return read_receipt(message.payload, message.topic, self._hub, key)
            except WireError as error:
                refusal = error
        raise refusal
