"""Keys that are made on the hub and never leave it, and the requests to certify them."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge_agent.errors import EdgeError

PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER


class NotOurs(EdgeError):
    """The certificate that came is not for this hub's key."""


@dataclass(frozen=True, slots=True)
class TlsKey:
    """A P-256 key and its request, kept in one file: a repeated request is the same to the octet.

    An ECDSA signature is never twice the same, and the gateway knows a request by its hash.
    """

    key: ec.EllipticCurvePrivateKey
    csr: bytes

    def file(self) -> bytes:
        """Return what is kept until the certificate is there."""
        request = x509.load_der_x509_csr(self.csr)
        return private_pem(self.key) + request.public_bytes(PEM)

    def spki(self) -> bytes:
        """Return the public key."""
        return spki(self.key.public_key())

    def certified(self, certificate: str) -> bytes:
        """Return hub.pem: certificate and key. Raises NotOurs."""
        try:
            found = x509.load_pem_x509_certificate(certificate.encode())
        except ValueError:
            raise NotOurs from None
        if spki(found.public_key()) != self.spki():
            raise NotOurs
        return found.public_bytes(PEM) + private_pem(self.key)


def make_tls_key(hub: UUID) -> TlsKey:
    """Make a key and ask for what a hub's certificate has."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.UniformResourceIdentifier(hub.urn)]
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(hub))]))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return TlsKey(key, request.public_bytes(DER))


def read_tls_key(file: bytes | None) -> TlsKey | None:
    """Return what was kept; None where that is nothing, or not whole."""
    try:
        key = serialization.load_pem_private_key(file or b"", None)
        csr = x509.load_pem_x509_csr(file or b"").public_bytes(DER)
    except ValueError:
        return None
    return TlsKey(key, csr) if isinstance(key, ec.EllipticCurvePrivateKey) else None


def make_signing_key() -> bytes:
    """Return a new Ed25519 key, PEM."""
    return private_pem(Ed25519PrivateKey.generate())


def private_pem(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    """Return a key as PKCS 8."""
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def spki(key: object) -> bytes:
    """Return a public key with its kind (SubjectPublicKeyInfo)."""
    return key.public_bytes(  # type: ignore[attr-defined, no-any-return]
        DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def pin(certificate: x509.Certificate) -> bytes:
    """Return what an invitation knows a CA by."""
    return hashlib.sha256(spki(certificate.public_key())).digest()
