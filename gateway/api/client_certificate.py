"""The client certificate of a TLS connection, for the application.

uvicorn verifies it and keeps it to itself: its work on the ASGI TLS extension (Kludex/uvicorn#3132)
is not released yet. Until then its HTTP protocol puts the certificate into the request's state.
"""

from asyncio import Transport
from typing import Any, Final

from cryptography import x509
from starlette.requests import Request
from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.errors import Refused

STATE: Final = "client_certificate"


class CertificateProtocol(H11Protocol):
    """Uvicorn's HTTP/1.1, which also tells whose certificate TLS has verified."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Look at the certificate when the handshake is over."""
        super().connection_made(transport)
        tls: Any = transport.get_extra_info("ssl_object")
        shown = tls.getpeercert(binary_form=True) if tls is not None else None
        # Each request gets a copy of this; nothing that a client sends can be in it.
        self.app_state = {**self.app_state, STATE: shown}


class CertificateMissing(Refused):
    """This needs the hub's client certificate."""

    status, code = 401, "certificate_missing"


def shown_certificate(request: Request) -> x509.Certificate:
    """Return the verified certificate of the client. Raises CertificateMissing."""
    shown: bytes | None = getattr(request.state, STATE, None)
    if shown is None:
        raise CertificateMissing
    return x509.load_der_x509_certificate(shown)
