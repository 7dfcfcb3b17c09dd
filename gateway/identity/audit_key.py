"""The key that signs the audit's checkpoints, the worker's; and its public half, to verify by."""

from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway.identity.stored import read_stored, whole

KEY: Final = "audit.key"
# A line for each key that ever signed: what an old one signed is to be verified for years.
PUBLIC: Final = "audit.pub"


def read_audit_key(folder: Path) -> Ed25519PrivateKey:
    """Read the key that signs checkpoints."""
    with whole(folder / KEY):
        key = serialization.load_pem_private_key(read_stored(folder / KEY), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError("not Ed25519")
        return key


def read_audit_public(folder: Path) -> dict[str, Ed25519PublicKey]:
    """Read the public halves, by key id."""
    with whole(folder / PUBLIC):
        lines = read_stored(folder / PUBLIC).decode().split()
        keys = [Ed25519PublicKey.from_public_bytes(bytes.fromhex(line)) for line in lines]
    return {key_id(key): key for key in keys}


def key_id(key: Ed25519PublicKey) -> str:
    """Return what a checkpoint names its key by."""
    return sha256(key.public_bytes_raw()).hexdigest()[:16]


def with_public(known: bytes, key: Ed25519PrivateKey) -> bytes:
    """Return the file of the public halves with this key's among them."""
    line = key.public_key().public_bytes_raw().hex().encode()
    return known if line in known.split() else known + line + b"\n"
