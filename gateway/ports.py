"""The gateway's ports: what it asks of others that a site may choose."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from cryptography import x509


class HubAuthority(Protocol):
    """Signs the certificates of hubs."""

    def certify(
        self, request: x509.CertificateSigningRequest, hub: UUID, now: datetime, *, again: bool
    ) -> bytes:
        """Return a certificate (PEM) for this checked request, for a week at most.

        CN is the hub's UUID, the alternative name its URN, the purpose clientAuth alone. `again`:
        the hub has had one before. Raises AuthorityUnavailable, AuthorityRefused.
        """

    def anchors(self) -> bytes:
        """Return the certificates (PEM) that hubs' certificates are verified by."""
