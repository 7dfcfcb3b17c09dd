"""Checks what hubs ask to be certified, and what an authority answers. No IO."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.errors import AuthorityRefused, RequestRefused

HUB_LIFE: Final = timedelta(days=7)
# An authority elsewhere has a clock of its own, and begins its certificates early too.
SLACK: Final = timedelta(hours=2)
# A certificate that ends sooner could not be renewed in a weekend.
SHORTEST: Final = timedelta(days=1)


def read_request(der: bytes, hub: UUID) -> x509.CertificateSigningRequest:
    """Return a hub's request. Raises RequestRefused, which says what is wrong with it."""
    try:
        request = x509.load_der_x509_csr(der)
        key, proven = request.public_key(), request.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature):
        raise RequestRefused("It is no PKCS 10 request.") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise RequestRefused("Its key is not of P-256.")
    if not proven:
        raise RequestRefused("It is not signed by its own key.")
    if _common_names(request.subject) != [str(hub)]:
        raise RequestRefused("Its common name is not the hub's UUID.")
    return request


def check_answer(
    certificate: x509.Certificate,
    request: x509.CertificateSigningRequest,
    hub: UUID,
    now: datetime,
) -> None:
    """Look whether an authority certified what was asked, and no more. Raises AuthorityRefused."""
    if spki_octets(certificate) != spki_octets(request):
        raise AuthorityRefused("It certified another key.")
    if _common_names(certificate.subject) != [str(hub)]:
        raise AuthorityRefused("It certified another name.")
    if _alternatives(certificate) != [hub.urn]:
        raise AuthorityRefused("The alternative name is not the hub's URN alone.")
    if _purposes(certificate) != {ExtendedKeyUsageOID.CLIENT_AUTH}:
        raise AuthorityRefused("The purpose is not clientAuth alone.")
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if begins > now or not SHORTEST <= ends - now <= HUB_LIFE + SLACK:
        raise AuthorityRefused("It is not valid from now on for 1 to 7 days.")


def _common_names(name: x509.Name) -> list[str]:
    return [str(one.value) for one in name.get_attributes_for_oid(NameOID.COMMON_NAME)]


def _alternatives(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in found.value]


def _purposes(certificate: x509.Certificate) -> set[x509.ObjectIdentifier]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return set()
    return set(found.value)


def spki_octets(signed: x509.Certificate | x509.CertificateSigningRequest) -> bytes:
    """Return the public key with its kind (SubjectPublicKeyInfo)."""
    return signed.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
