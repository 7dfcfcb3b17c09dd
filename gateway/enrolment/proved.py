"""A device that a hub has paired and proved: its word, carried here by a person, is checked."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from alerting.words import template
from device_profiles.wire.pairing import BadProof, PairingProof, read_proof
from gateway.errors import Conflict, WrongInput
from gateway.storage import enrolments
from gateway.storage.database import Connection
from gateway.storage.homes import NewPairing


@dataclass(frozen=True, slots=True)
class Proved:
    """What the hub has shown, and when that was over."""

    proof: PairingProof
    at: datetime

    def pairing(self, patient: UUID, slot: int | None, since: datetime | None) -> NewPairing:
        """Return whose it is from now on. What was measured to prove it may be anybody's: it is the
        patient's only where `since` says so."""
        told = self.proof
        return NewPairing(
            told.address, told.profile, patient, slot, since or self.at, device=told.device
        )


def proved(connection: Connection, hub: UUID, text: str, now: datetime) -> Proved:
    """Check the text of `hearthline-edge pair`. Raises WrongInput, Conflict, NotFound."""
    found = enrolments.lock_hub(connection, hub)
    if found.state != "active" or found.signing_key is None:
        raise Conflict(f"The hub is {found.state}; only an active one is believed.")
    try:
        proof = read_proof(text, Ed25519PublicKey.from_public_bytes(found.signing_key))
    except BadProof as error:
        raise WrongInput(f"The proof: {error}.") from None
    if proof.hub != hub:
        raise WrongInput(template("The proof is of another hub."))
    return Proved(proof, min(proof.at or now, now))
