"""The gateway's API as a hub speaks to it: the standard library's HTTPS, nothing kept open."""

import json
import ssl
from base64 import b64decode
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any, Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from pydantic import BaseModel, ValidationError

from device_profiles.wire.enrolment import (
    CertificateAnswer,
    EnrolRequest,
    HubFiles,
    NonceAnswer,
    RecoverRequest,
    RenewRequest,
    endpoint,
)
from edge_agent.errors import ConnectionLost, EdgeError
from edge_agent.identity.keys import pin

CALL_S: Final = 20.0
MOST_OCTETS: Final = 1_048_576
# What TLS says of a certificate whose time has not come: the hub's clock is behind.
NOT_YET_VALID: Final = 9

Answer = TypeVar("Answer", bound=BaseModel)


class GatewayUnavailable(ConnectionLost):
    """The gateway does not answer."""


class WrongGateway(EdgeError):
    """Whoever answers there is not the gateway of this invitation; nothing was told to it."""


class GatewayRefused(EdgeError):
    """The gateway refuses."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.code = status, code


def pinned_authority(url: str, wanted: bytes) -> bytes:
    """Return the site's CA (PEM), known by its pin. Raises WrongGateway, GatewayUnavailable.

    As RFC 7030, 4.1.1: the connection is not believed, and only asks for the CA. Who is in between
    can give a wrong answer, which the pin tells.
    """
    blind = ssl.create_default_context()
    blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
    status, body = _exchange(url, blind, "GET", "/.well-known/est/cacerts", None)
    try:
        found = pkcs7.load_der_pkcs7_certificates(b64decode(body)) if status == 200 else []
    except ValueError:
        found = []
    for certificate in found:
        if pin(certificate) == wanted:
            return certificate.public_bytes(Encoding.PEM)
    raise WrongGateway


@dataclass(frozen=True, slots=True)
class GatewayApi:
    """The gateway, by its address and the CA that it must be of. `shown`: the hub's certificate."""

    url: str
    authority: bytes
    shown: tuple[Path, Path | None] | None = None

    def nonce(self) -> bytes:
        """Return what the next proof is made over."""
        return self._ask("GET", "/hub/v1/nonce", None, NonceAnswer).nonce

    def enrol(self, request: EnrolRequest) -> CertificateAnswer:
        """Ask for the first certificate. Raises GatewayRefused, GatewayUnavailable."""
        return self._ask("POST", "/hub/v1/simpleenroll", request, CertificateAnswer)

    def renew(self, request: RenewRequest) -> CertificateAnswer:
        """Ask for the next one."""
        return self._ask("POST", "/hub/v1/simplereenroll", request, CertificateAnswer)

    def recover(self, request: RecoverRequest) -> CertificateAnswer:
        """Ask for the next one without a certificate that serves."""
        return self._ask("POST", "/hub/v1/recover", request, CertificateAnswer)

    def files(self) -> HubFiles:
        """Return hub.toml and what lies beside it."""
        return self._ask("GET", "/hub/v1/files", None, HubFiles)

    def _ask(
        self, method: str, path: str, request: BaseModel | None, answer: type[Answer]
    ) -> Answer:
        body = request.model_dump_json().encode() if request is not None else None
        try:
            return answer.model_validate_json(self._call(method, path, body))
        except ValidationError:
            raise GatewayUnavailable("It answers something else.") from None

    def _call(self, method: str, path: str, body: bytes | None) -> bytes:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_verify_locations(cadata=self.authority.decode("ascii"))
        if self.shown:
            context.load_cert_chain(*self.shown)
        status, answer = _exchange(self.url, context, method, path, body)
        if status == 200:
            return answer
        refusal = _refusal(status, answer)
        if status >= 500:
            raise GatewayUnavailable(refusal.detail)
        raise refusal


def _exchange(
    url: str, context: ssl.SSLContext, method: str, path: str, body: bytes | None
) -> tuple[int, bytes]:
    connection = HTTPSConnection(*endpoint(url), timeout=CALL_S, context=context)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    try:
        with closing(connection):
            connection.request(method, path, body, headers)
            response: HTTPResponse = connection.getresponse()
            return response.status, response.read(MOST_OCTETS)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code == NOT_YET_VALID:
            raise GatewayUnavailable("This hub's clock is behind; set it.") from None
        raise WrongGateway(f"({error.verify_message})") from None
    except (OSError, HTTPException) as error:
        raise GatewayUnavailable(f"({type(error).__name__})") from None


def _refusal(status: int, answer: bytes) -> GatewayRefused:
    try:
        told: Any = json.loads(answer)
        return GatewayRefused(status, str(told["code"])[:60], str(told["detail"])[:300])
    except (ValueError, KeyError, TypeError):
        return GatewayRefused(status, "http_error", f"(HTTP {status})")


def certificate_of(pem: bytes) -> x509.Certificate:
    """Return the first certificate of a file."""
    return x509.load_pem_x509_certificate(pem)
