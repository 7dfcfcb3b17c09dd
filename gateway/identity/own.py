"""The port HubAuthority by the site's own small CA."""

from datetime import datetime
from uuid import UUID

from cryptography import x509

from gateway.identity.authority import Credential, certify_hub
from gateway.identity.requests import HUB_LIFE


class OwnAuthority:
    """See `ports.HubAuthority`."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def certify(
        self,
        request: x509.CertificateSigningRequest,
        hub: UUID,
        now: datetime,
        *,
        again: bool,  # noqa: ARG002 - this authority makes no difference
    ) -> bytes:
        """See `ports.HubAuthority`."""
        return certify_hub(self._credential, hub, request.public_key(), now, HUB_LIFE)

    def anchors(self) -> bytes:
        """See `ports.HubAuthority`."""
        return self._credential.certificate
