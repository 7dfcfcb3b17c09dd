"""A checkpoint: how far each organisation's chain had come, signed. One line of text.

The line is a JSON object, a space, and the signature in hex: Ed25519 (RFC 8032) over DOMAIN and the
octets of the object. Only chains that grew since the checkpoint before are in it.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Annotated, Final, Literal
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from gateway.identity.audit_key import key_id

DOMAIN: Final = b"HLN-AUDIT-CHECKPOINT-1\0"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Head(_Frozen):
    """The last entry of a chain."""

    seq: Annotated[int, Field(ge=1)]
    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Checkpoint(_Frozen):
    """What is signed. Numbers have no holes."""

    version: Literal[1] = 1
    number: Annotated[int, Field(ge=1)]
    at: AwareDatetime
    heads: Mapping[UUID, Head]
    key: str


class Unsigned(Exception):
    """The line is no checkpoint, or was signed by nobody who is known."""


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Return the line."""
    body = checkpoint.model_dump_json()
    return f"{body} {key.sign(DOMAIN + body.encode()).hex()}"


def read(line: str, keys: Mapping[str, Ed25519PublicKey]) -> Checkpoint:
    """Read a line. Raises Unsigned."""
    body, _, signature = line.rpartition(" ")
    try:
        checkpoint = Checkpoint.model_validate_json(body)
        keys[checkpoint.key].verify(bytes.fromhex(signature), DOMAIN + body.encode())
    except (ValidationError, KeyError, ValueError, InvalidSignature):
        raise Unsigned from None
    return checkpoint


def readable(lines: Iterable[str], keys: Mapping[str, Ed25519PublicKey]) -> Iterator[Checkpoint]:
    """Give those that were signed; `audit verify` tells of the others."""
    for line in lines:
        with suppress(Unsigned):
            yield read(line, keys)


def named(key: Ed25519PrivateKey) -> str:
    """Return how a checkpoint names this key."""
    return key_id(key.public_key())
