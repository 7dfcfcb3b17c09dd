r"""What a hub says of a device that it has paired, for the gateway, carried there by a person.

A text as `hlp:1?hub=..&device=..&address=..&profile=..&kind=..&at=..&s=SIGNATURE`. The signature is
Ed25519 by the hub's signing key over 'HLN-PAIR-1 proof\0' || the text before '&s='. So a
letter that was mistyped is noticed, and nobody else can say it. It holds no value.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AwareDatetime, Field

from device_profiles.reading import Frozen, Kind
from device_profiles.wire.hub_file import Address

SCHEME: Final = "hlp:1?"
CONTEXT: Final = b"HLN-PAIR-1 proof\0"
_SIGNATURE: Final = "&s="


class BadProof(ValueError):
    """A text that is not whole, or that another hub has signed."""


class PairingProof(Frozen):
    """A device was paired and a measurement of it was understood."""

    hub: UUID
    device: UUID
    """The id under which the hub has kept what the device told meanwhile."""
    address: Address
    profile: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
    kind: Kind
    at: AwareDatetime | None = None
    """When that was over; None where the hub did not know the time."""

    def signed(self, key: Ed25519PrivateKey) -> str:
        """Return the text."""
        told = self.model_dump(mode="json", exclude={"at"})
        if self.at is not None:
            told["at"] = int(self.at.timestamp())
        bare = SCHEME + urlencode(told, safe=":")
        signature = urlsafe_b64encode(key.sign(CONTEXT + bare.encode())).rstrip(b"=")
        return bare + _SIGNATURE + signature.decode("ascii")


def read_proof(text: str, key: Ed25519PublicKey) -> PairingProof:
    """Read the text of the hub with this key. Raises BadProof, which quotes nothing of it."""
    bare, _, signature = text.strip().partition(_SIGNATURE)
    if not bare.startswith(SCHEME):
        raise BadProof(f"it begins with {SCHEME}")
    try:
        key.verify(urlsafe_b64decode(signature + "=="), CONTEXT + bare.encode())
        told: dict[str, Any] = dict(parse_qsl(bare.removeprefix(SCHEME), strict_parsing=True))
        if "at" in told:
            told["at"] = datetime.fromtimestamp(int(told["at"]), UTC)
        return PairingProof.model_validate(told)
    except InvalidSignature:
        raise BadProof("this hub has not signed it as it stands; copy all of it") from None
    except (ValueError, OverflowError, OSError):
        raise BadProof("it is not whole; copy all of it") from None
