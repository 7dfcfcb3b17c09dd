"""HPKE suites and key encodings of the wire (RFC 9180), on `cryptography`'s primitives only.

Suite 1: DHKEM(X25519, HKDF-SHA256) 0x0020, HKDF-SHA256 0x0001, ChaCha20Poly1305 0x0003.
Suite 2: ML-KEM-768 + X25519 hybrid, with the same KDF and AEAD.
"""

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

MLKEM_PUBLIC: Final = 1184
MLKEM_SEED: Final = 64
X25519_KEY: Final = 32


class Suite(IntEnum):
    """Our wire numbers; the library's own indices never travel."""

    X25519 = 1
    MLKEM768_X25519 = 2


_HPKE: Final = {
    Suite.X25519: hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305),
    Suite.MLKEM768_X25519: hpke.Suite(
        hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305
    ),
}


def key_id(public: bytes) -> bytes:
    """Return the first 4 octets of SHA-256 over a public key: a hint for look-up, not a proof."""
    return hashlib.sha256(public).digest()[:4]


@dataclass(frozen=True, slots=True)
class RecipientPublic:
    """A gateway's sealing key. `raw`: X25519, or ML-KEM-768 || X25519."""

    suite: Suite
    raw: bytes

    @property
    def kid(self) -> bytes:
        """Return the key id that envelopes carry."""
        return key_id(self.raw)

    def key(self) -> X25519PublicKey | hpke.MLKEM768X25519PublicKey:
        """Return the library's key. Raises ValueError for a wrong length."""
        return _public(self.suite, self.raw)


@dataclass(frozen=True, slots=True)
class RecipientPrivate:
    """The private half. `raw`: X25519, or ML-KEM-768 seed || X25519. Never printed."""

    suite: Suite
    raw: bytes

    def __repr__(self) -> str:
        return f"RecipientPrivate(suite={self.suite!r}, raw=...)"

    @classmethod
    def generate(cls, suite: Suite) -> "RecipientPrivate":
        """Make a new key."""
        x25519 = X25519PrivateKey.generate().private_bytes_raw()
        if suite is Suite.X25519:
            return cls(suite, x25519)
        return cls(suite, MLKEM768PrivateKey.generate().private_bytes_raw() + x25519)

    def key(self) -> X25519PrivateKey | hpke.MLKEM768X25519PrivateKey:
        """Return the library's key. Raises ValueError for a wrong length."""
        return _private(self.suite, self.raw)

    def public(self) -> RecipientPublic:
        """Return the public half."""
        x25519 = X25519PrivateKey.from_private_bytes(self.raw[-X25519_KEY:]).public_key()
        if self.suite is Suite.X25519:
            return RecipientPublic(self.suite, x25519.public_bytes_raw())
        mlkem = MLKEM768PrivateKey.from_seed_bytes(self.raw[:MLKEM_SEED]).public_key()
        return RecipientPublic(self.suite, mlkem.public_bytes_raw() + x25519.public_bytes_raw())


# A site has a few keys and uses them for every envelope; to expand an ML-KEM key from its seed
# takes as long as to open an envelope with it.
@lru_cache(maxsize=16)
def _public(suite: Suite, raw: bytes) -> X25519PublicKey | hpke.MLKEM768X25519PublicKey:
    if suite is Suite.X25519:
        return X25519PublicKey.from_public_bytes(raw)
    if len(raw) != MLKEM_PUBLIC + X25519_KEY:
        raise ValueError("a public key of suite 2 has 1216 octets")
    return hpke.MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(raw[:MLKEM_PUBLIC]),
        X25519PublicKey.from_public_bytes(raw[MLKEM_PUBLIC:]),
    )


@lru_cache(maxsize=16)
def _private(suite: Suite, raw: bytes) -> X25519PrivateKey | hpke.MLKEM768X25519PrivateKey:
    if suite is Suite.X25519:
        return X25519PrivateKey.from_private_bytes(raw)
    return hpke.MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(raw[:MLKEM_SEED]),
        X25519PrivateKey.from_private_bytes(raw[MLKEM_SEED:]),
    )


def seal(recipient: RecipientPublic, body: bytes, info: bytes) -> bytes:
    """Return enc || ciphertext || tag."""
    return _HPKE[recipient.suite].encrypt(body, recipient.key(), info=info)


def open_(recipient: RecipientPrivate, sealed: bytes, info: bytes) -> bytes:
    """Return the body. Raises InvalidTag, or ValueError for a key that is none."""
    return _HPKE[recipient.suite].decrypt(sealed, recipient.key(), info=info)


def forget_private_keys() -> None:
    """Let go of expanded private keys: one of them may have been destroyed."""
    _private.cache_clear()
