"""A site's own small certificate authority, on `cryptography`: P-256, X.509, no IO.

Times are arguments; certificates begin an hour early, for hubs whose clock is a little behind.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

EARLY: Final = timedelta(hours=1)
AUTHORITY_LIFE: Final = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate with its private key, both PEM."""

    certificate: bytes
    key: bytes


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _builder(
    subject: str, issuer: x509.Name, key: CertificatePublicKeyTypes, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLY)
        .not_valid_after(now + life)
    )


def make_authority(name: str, now: datetime) -> Credential:
    """Make a self-signed CA that signs end certificates only."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    certificate = (
        _builder(name, _name(name), key.public_key(), now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Credential(certificate.public_bytes(serialization.Encoding.PEM), _pem(key))


def _sign(
    authority: Credential,
    subject: str,
    public: CertificatePublicKeyTypes,
    names: list[x509.GeneralName],
    purpose: x509.ObjectIdentifier,
    now: datetime,
    life: timedelta,
) -> bytes:
    issuer = x509.load_pem_x509_certificate(authority.certificate)
    signer = serialization.load_pem_private_key(authority.key, None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise TypeError("the CA key is not an elliptic-curve key")
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    certificate = (
        _builder(subject, issuer.subject, public, now, life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


def _issue(
    authority: Credential,
    subject: str,
    names: list[x509.GeneralName],
    purpose: x509.ObjectIdentifier,
    now: datetime,
    life: timedelta,
) -> Credential:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    return Credential(_sign(authority, subject, public, names, purpose, now, life), _pem(key))


def issue_server(
    authority: Credential, hosts: list[str], now: datetime, life: timedelta
) -> Credential:
    """Issue the broker's certificate for these host names and addresses."""
    return _issue(
        authority,
        hosts[0],
        [_general_name(host) for host in hosts],
        ExtendedKeyUsageOID.SERVER_AUTH,
        now,
        life,
    )


def issue_client(authority: Credential, name: str, now: datetime, life: timedelta) -> Credential:
    """Issue a client certificate; `name` (a hub's UUID, or ingest-7) is its MQTT identity."""
    try:
        alternative: x509.GeneralName = x509.UniformResourceIdentifier(UUID(name).urn)
    except ValueError:
        alternative = x509.DNSName(name)
    return _issue(authority, name, [alternative], ExtendedKeyUsageOID.CLIENT_AUTH, now, life)


def certify_hub(
    authority: Credential,
    hub: UUID,
    public: CertificatePublicKeyTypes,
    now: datetime,
    life: timedelta,
) -> bytes:
    """Certify a key that a hub made itself; return PEM."""
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(hub.urn)]
    purpose = ExtendedKeyUsageOID.CLIENT_AUTH
    return _sign(authority, str(hub), public, names, purpose, now, life)


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
