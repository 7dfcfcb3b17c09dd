"""Nonces that the gateway need not remember: the time, chance, and a code over both."""

import hashlib
import hmac
import os
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.errors import Refused

LIFE: Final = timedelta(minutes=5)
CONTEXT: Final = b"HLN-NONCE-1\0"


class StaleNonce(Refused):
    """This nonce is not one of ours, or too old; ask for another."""

    status, code = 409, "stale_nonce"


class Nonces:
    """Gives nonces, and knows them again. All processes with the same secret know the same."""

    def __init__(self, secret: bytes) -> None:
        self._key = hashlib.sha256(CONTEXT + secret).digest()

    def new(self, now: datetime) -> bytes:
        """Return 40 octets: time, chance, code."""
        head = int(now.timestamp()).to_bytes(8) + os.urandom(16)
        return head + self._code(head)

    def check(self, nonce: bytes, now: datetime) -> None:
        """Raise StaleNonce for one that is not ours or not of the last minutes."""
        head, code = nonce[:24], nonce[24:]
        if not hmac.compare_digest(code, self._code(head)):
            raise StaleNonce
        age = now - datetime.fromtimestamp(int.from_bytes(head[:8]), UTC)
        if not timedelta(seconds=-1) <= age <= LIFE:
            raise StaleNonce

    def _code(self, head: bytes) -> bytes:
        return hmac.digest(self._key, head, "sha256")[:16]
