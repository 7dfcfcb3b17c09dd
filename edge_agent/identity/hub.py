"""Reads the hub's folder: hub.toml, the signing key, the certificates and the passkeys."""

import ssl
import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate
from pydantic import Field, TypeAdapter, ValidationError

from device_profiles.profile import Profile
from device_profiles.registry import PROFILES
from device_profiles.wire.hub_file import Address, HubFile
from edge_agent.core.allow_list import Allowed, AllowList
from edge_agent.errors import WrongInput

_PASSKEYS: TypeAdapter[dict[str, str]] = TypeAdapter(
    dict[Address, Annotated[str, Field(pattern=r"^\d{6}$")]]
)


@dataclass(frozen=True, slots=True)
class Identity:
    """All that the hub's folder holds."""

    hub_file: HubFile
    zone: ZoneInfo
    signing_key: Ed25519PrivateKey
    receipt_keys: tuple[Ed25519PublicKey, ...]
    certificate_from: datetime
    tls: ssl.SSLContext
    passkeys: dict[str, str]

    def __repr__(self) -> str:
        return f"Identity(hub={self.hub_file.hub})"


def read_hub_file(folder: Path) -> HubFile:
    """Read hub.toml. Raises WrongInput that names the file and what is wrong."""
    path = folder / "hub.toml"
    try:
        return HubFile.model_validate(_toml(path))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise WrongInput(f"{path}: {where}: {first['msg']}.") from None


def read_allow_list(hub_file: HubFile) -> AllowList:
    """Return the devices that may be listened to. Raises WrongInput for an unknown profile."""
    return AllowList(Allowed(device, _profile(device.profile)) for device in hub_file.devices)


def _profile(key: str) -> Profile:
    if key not in PROFILES:
        known = ", ".join(sorted(PROFILES))
        raise WrongInput(f"hub.toml names the profile {key!r}; known are {known}.")
    return PROFILES[key]


def read_identity(folder: Path) -> Identity:
    """Read the whole folder. Raises WrongInput that names the file and what is wrong."""
    hub_file = read_hub_file(folder)
    try:
        zone = ZoneInfo(hub_file.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise WrongInput(f"hub.toml: there is no time zone {hub_file.timezone!r}.") from None
    return Identity(
        hub_file=hub_file,
        zone=zone,
        signing_key=_signing_key(folder / "signing.key"),
        receipt_keys=tuple(map(_receipt_key, hub_file.receipt_keys)),
        certificate_from=_certificate_from(folder / "hub.crt"),
        tls=_tls(folder),
        passkeys=_passkeys(folder / "passkeys.toml"),
    )


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise WrongInput(
            f"{path}: {error.strerror}; `hearthline-gateway hub add` writes it."
        ) from None
    except ValueError as error:  # not UTF-8, or not TOML
        raise WrongInput(f"{path}: {error}.") from None


def _octets(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WrongInput(f"{path}: {error.strerror}.") from None


def _signing_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(_octets(path), password=None)
    except (ValueError, TypeError):
        raise WrongInput(f"{path}: this is not a private key without a password.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise WrongInput(f"{path}: the signing key must be an Ed25519 key.")
    return key


def _receipt_key(raw: bytes) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(raw)
    except ValueError:
        raise WrongInput("hub.toml: a receipt key is an Ed25519 key of 32 octets.") from None


def _certificate_from(path: Path) -> datetime:
    try:
        return load_pem_x509_certificate(_octets(path)).not_valid_before_utc
    except ValueError:
        raise WrongInput(f"{path}: this is not a certificate.") from None


def _tls(folder: Path) -> ssl.SSLContext:
    """Trust our own CA and nobody else's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_verify_locations(cafile=folder / "ca.crt")
        context.load_cert_chain(folder / "hub.crt", folder / "hub.key")
    except OSError as error:  # SSLError is one
        raise WrongInput(f"{folder}: ca.crt, hub.crt or hub.key: {error.strerror}.") from None
    return context


def _passkeys(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        return _PASSKEYS.validate_python(_toml(path))
    except ValidationError:
        line = '"AA:BB:CC:DD:EE:FF" = "123456"'
        raise WrongInput(f"{path}: every line must look like {line}.") from None
