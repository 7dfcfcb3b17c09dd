"""What hubs ask for: to be certified, to be certified again, and for their files.

Shaped after EST (RFC 7030): cacerts, simpleenroll, simplereenroll. The bodies are ours, since a
request carries a second key and its proof.
"""

from base64 import encodebytes
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from device_profiles.wire.enrolment import (
    CertificateAnswer,
    EnrolRequest,
    HubFiles,
    NonceAnswer,
    RecoverRequest,
    RenewRequest,
)
from gateway.api.client_certificate import shown_certificate
from gateway.enrolment.enrol import Enrolment
from gateway.enrolment.renew import Renewal, known_hub
from gateway.errors import NotConfirmed
from gateway.storage.database import Connection, Database
from gateway.storage.homes import HubRow


@dataclass(frozen=True, slots=True)
class HubDoor:
    """What this resource needs."""

    database: Database
    site_authority: bytes
    enrolment: Enrolment
    renewal: Renewal
    files: Callable[[Connection, HubRow], HubFiles]
    now: Callable[[], datetime]


def hub_routes(door: HubDoor) -> APIRouter:
    """Return the routes for hubs. They are plain functions, so that each runs in a thread."""
    router = APIRouter(tags=["hubs"])
    authority = _certs_only(door.site_authority)

    @router.get("/.well-known/est/cacerts")
    def cacerts() -> Response:
        """The site's CA (RFC 7030, 4.1). Who holds an invitation compares it with its pin."""
        headers = {"Content-Transfer-Encoding": "base64"}
        return Response(authority, media_type="application/pkcs7-mime", headers=headers)

    @router.get("/hub/v1/nonce")
    def nonce() -> NonceAnswer:
        """What the next proof is made over."""
        return NonceAnswer(nonce=door.enrolment.nonces.new(door.now()))

    @router.post("/hub/v1/simpleenroll")
    def enrol(asked: EnrolRequest) -> CertificateAnswer:
        """The first certificate, for an invitation."""
        return door.enrolment.enrol(asked, door.now())

    @router.post("/hub/v1/simplereenroll")
    def renew(asked: RenewRequest, request: Request) -> CertificateAnswer:
        """The next certificate, for the one that the client showed."""
        return door.renewal.renew(shown_certificate(request), asked, door.now())

    @router.post("/hub/v1/recover")
    def recover(asked: RecoverRequest) -> CertificateAnswer:
        """The next certificate, for one that has expired lately."""
        return door.renewal.recover(asked, door.now())

    @router.get("/hub/v1/files")
    def files(request: Request) -> HubFiles:
        """What the hub must know now; 409 until its six digits are confirmed."""
        shown = shown_certificate(request)
        with door.database.transaction() as connection:
            hub = known_hub(connection, shown).hub
            if hub.state != "active":
                raise NotConfirmed
            return door.files(connection, hub.row)

    return router


def _certs_only(pem: bytes) -> bytes:
    found = x509.load_pem_x509_certificates(pem)
    return encodebytes(pkcs7.serialize_certificates(found, Encoding.DER))
