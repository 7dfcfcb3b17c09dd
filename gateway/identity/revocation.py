"""The site's certificate revocation list (RFC 5280, 5): no IO, times are arguments."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.identity.authority import EARLY, Credential

# A list past its end makes a broker refuse everybody. It lies beside the broker and is written
# anew at every change, so its age says nothing.
LIFE: Final = timedelta(days=3650)
TICK: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Revoked:
    """A certificate that no broker shall take."""

    serial: int
    at: datetime


def revocation_list(
    authority: Credential, revoked: Iterable[Revoked], now: datetime, previous: bytes | None = None
) -> bytes:
    """Return the signed list, PEM. It is always newer than the previous one."""
    issuer = x509.load_pem_x509_certificate(authority.certificate)
    signer = serialization.load_pem_private_key(authority.key, None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise TypeError("the CA key is not an elliptic-curve key")
    begins = _begin(now, previous)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(begins)
        .next_update(now + LIFE)
        .add_extension(x509.CRLNumber(int(begins.timestamp())), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    for one in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder()
            .serial_number(one.serial)
            .revocation_date(one.at)
            .build()
        )
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _begin(now: datetime, previous: bytes | None) -> datetime:
    """Mosquitto adds a list that it reads again to the one it has, and OpenSSL then believes the
    one that began later, to the second. An hour early leaves room, and one whose beginning lies in
    the future would shut everybody out."""
    begins = (now - EARLY).astimezone(UTC).replace(microsecond=0)
    if previous is None:
        return begins
    try:
        before = x509.load_pem_x509_crl(previous).last_update_utc
    except ValueError:
        return begins
    return max(begins, before + TICK) if before < now else begins
