"""Random numbers that open something. The database keeps their digests only."""

import hmac
import secrets
from hashlib import sha256
from typing import Final

OCTETS: Final = 32


def new_secret() -> str:
    """Return 256 random bits, to be shown or sent once."""
    return secrets.token_urlsafe(OCTETS)


def digest(secret: str) -> bytes:
    """Return what is stored. There is nothing to guess in 256 bits: no salt, no slow hash."""
    return sha256(secret.encode()).digest()


def derived(secret: str, purpose: str) -> str:
    """Return another secret, which only who knows this one can make."""
    return hmac.new(secret.encode(), purpose.encode(), sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())
