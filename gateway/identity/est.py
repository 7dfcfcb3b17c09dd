"""The port HubAuthority by an authority elsewhere, over EST (RFC 7030).

The gateway is its registration authority: it checked the hub, and asks in the hub's name. So both
ways authenticate the gateway (HTTP Basic, RFC 7030 section 3.2.3), never the hub.
"""

import ssl
from base64 import b64decode, b64encode, encodebytes
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from device_profiles.wire.enrolment import endpoint
from gateway.errors import AuthorityRefused, AuthorityUnavailable
from gateway.identity.requests import check_answer

WELL_KNOWN: Final = "/.well-known/est/"
CALL_S: Final = 10.0
MOST_OCTETS: Final = 65_536


@dataclass(frozen=True, slots=True)
class EstAuthority:
    """See `ports.HubAuthority`. `trust` is a PEM file of who may have signed the server's TLS."""

    url: str
    trust: Path
    user: str
    password: str = field(repr=False)

    def certify(
        self, request: x509.CertificateSigningRequest, hub: UUID, now: datetime, *, again: bool
    ) -> bytes:
        """See `ports.HubAuthority`."""
        operation = "simplereenroll" if again else "simpleenroll"
        found = self._call("POST", operation, encodebytes(request.public_bytes(Encoding.DER)))
        certificate = next((c for c in found if c.public_key() == request.public_key()), None)
        if certificate is None:
            raise AuthorityRefused("Its answer has no certificate of this key.")
        check_answer(certificate, request, hub, now)
        return certificate.public_bytes(Encoding.PEM)

    def anchors(self) -> bytes:
        """See `ports.HubAuthority`."""
        found = self._call("GET", "cacerts")
        return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in found)

    def _call(
        self, method: str, operation: str, body: bytes | None = None
    ) -> list[x509.Certificate]:
        context = ssl.create_default_context(cafile=str(self.trust))
        connection = HTTPSConnection(*endpoint(self.url), timeout=CALL_S, context=context)
        basic = b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")
        headers = {"Authorization": f"Basic {basic}"}
        if body is not None:
            headers |= {
                "Content-Type": "application/pkcs10",
                "Content-Transfer-Encoding": "base64",
            }
        try:
            connection.request(method, WELL_KNOWN + operation, body, headers)
            return _certificates(connection.getresponse())
        except (OSError, HTTPException) as error:
            raise AuthorityUnavailable(f"({type(error).__name__})") from None
        finally:
            connection.close()


def _certificates(response: HTTPResponse) -> list[x509.Certificate]:
    body = response.read(MOST_OCTETS)
    if response.status == 202:  # RFC 7030, 4.2.3: somebody has to approve it by hand
        raise AuthorityUnavailable("It has not decided yet.")
    if response.status >= 500:
        raise AuthorityUnavailable(f"(HTTP {response.status})")
    if response.status != 200:
        raise AuthorityRefused(f"(HTTP {response.status})")
    try:
        return pkcs7.load_der_pkcs7_certificates(b64decode(body))
    except ValueError:
        raise AuthorityRefused("Its answer is no PKCS 7 of certificates.") from None
