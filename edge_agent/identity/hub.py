"""Reads the hub's folder: hub.toml, the signing key, the certificates and the passkeys."""

import base64
import ssl
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import Field, TypeAdapter, ValidationError

from device_profiles.profile import Profile
from device_profiles.registry import PROFILES
from device_profiles.talk import Consent, Owner
from device_profiles.wire.hub_file import Address, HubFile
from device_profiles.wire.keys import RecipientPublic
from edge_agent.core.allow_list import Allowed, AllowList
from edge_agent.errors import WrongInput
from edge_agent.identity.durable import Durable
from edge_agent.identity.login import Login
from edge_agent.identity.recipients import Recipients

PASSKEYS: Final = "passkeys.toml"
PEM_HEAD: Final = b"-----BEGIN PRIVATE KEY-----"
# RFC 8410, section 7: what stands before the 32 octets of the key is always the same.
PKCS8_ED25519: Final = bytes.fromhex("302e020100300506032b657004220420")
NOTHING_TOLD: Final[Mapping[str, Owner]] = MappingProxyType({})
_CONSENTS: TypeAdapter[dict[str, dict[int, int]]] = TypeAdapter(
    dict[Address, dict[Annotated[int, Field(ge=0, lt=255)], Annotated[int, Field(ge=0, le=9999)]]]
)
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
    login: Login
    passkeys: dict[str, str]
    owners: dict[str, Owner]
    recipients: Recipients

    def __repr__(self) -> str:
        return f"Identity(hub={self.hub_file.hub})"

    @property
    def since(self) -> datetime:
        """Return a moment that has certainly passed: when our authority began."""
        begun = [ssl.cert_time_to_seconds(str(ca["notBefore"])) for ca in self._authorities()]
        return datetime.fromtimestamp(max(begun, default=0), UTC)

    def _authorities(self) -> list[dict[str, Any]]:
        return list(self.login.trusted().get_ca_certs())


def read_hub_file(folder: Path) -> HubFile:
    """Read hub.toml. Raises WrongInput that names the file and what is wrong."""
    path = folder / "hub.toml"
    return _hub_file(_toml(path), path)


def hub_file_of(text: str) -> HubFile:
    """Read what the gateway sent as hub.toml. Raises WrongInput."""
    try:
        told = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongInput(f"hub.toml: {error}.") from None
    return _hub_file(told, Path("hub.toml"))


def _hub_file(told: dict[str, Any], path: Path) -> HubFile:
    try:
        return HubFile.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise WrongInput(f"{path}: {where}: {first['msg']}.") from None


def read_allow_list(hub_file: HubFile, owners: Mapping[str, Owner] = NOTHING_TOLD) -> AllowList:
    """Return the devices that may be listened to. Raises WrongInput for an unknown profile."""
    return AllowList(
        Allowed(device, _profile(device.profile), owners.get(device.address, Owner()))
        for device in hub_file.devices
    )


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
    for number, record in enumerate(hub_file.recipients, 1):
        try:
            RecipientPublic(record.suite, record.public).key()
        except ValueError as error:
            raise WrongInput(f"hub.toml: recipient {number}: {error}.") from None
    return Identity(
        hub_file=hub_file,
        zone=zone,
        signing_key=signing_key(folder / "signing.key"),
        receipt_keys=tuple(map(_receipt_key, hub_file.receipt_keys)),
        login=_login(folder),
        passkeys=_passkeys(folder / PASSKEYS),
        owners=_owners(folder / "consents.toml"),
        recipients=Recipients(folder, hub_file),
    )


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise WrongInput(f"{path}: {error.strerror}; `hearthline-edge enroll` makes it.") from None
    except (ValueError, RecursionError) as error:  # not UTF-8, or not TOML
        raise WrongInput(f"{path}: {error}.") from None


def _octets(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WrongInput(f"{path}: {error.strerror}.") from None


def signing_key(path: Path) -> Ed25519PrivateKey:
    """Read the hub's key. cryptography's own PEM reader brings 4 MB of other formats along."""
    head, *middle, _ = _octets(path).strip().splitlines() or (b"", b"")
    try:
        der = base64.b64decode(b"".join(middle), validate=True)
        if head == PEM_HEAD and der.startswith(PKCS8_ED25519):
            return Ed25519PrivateKey.from_private_bytes(der.removeprefix(PKCS8_ED25519))
    except ValueError:
        pass
    what = "an Ed25519 private key in PEM (PKCS 8), without a password"
    raise WrongInput(f"{path}: this is not {what}.")


def _receipt_key(raw: bytes) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(raw)
    except ValueError:
        raise WrongInput("hub.toml: a receipt key is an Ed25519 key of 32 octets.") from None


def _login(folder: Path) -> Login:
    login = Login(Durable(folder))
    login.check()
    return login


def keep_passkey(folder: Path, address: str, passkey: str) -> None:
    """Write a device's passkey down: the agent needs it where the bond has to be made anew."""
    known = _passkeys(folder / PASSKEYS)
    if known.get(address) != passkey:
        lines = [f'"{one}" = "{digits}"' for one, digits in {**known, address: passkey}.items()]
        Durable(folder).keep(PASSKEYS, "".join(f"{line}\n" for line in lines).encode())


def _passkeys(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        return _PASSKEYS.validate_python(_toml(path))
    except ValidationError:
        line = '"AA:BB:CC:DD:EE:FF" = "123456"'
        raise WrongInput(f"{path}: every line must look like {line}.") from None


def _owners(path: Path) -> dict[str, Owner]:
    """Read which users of a scale gave consent, each with the PIN that the scale showed."""
    if not path.exists():
        return {}
    try:
        told = _CONSENTS.validate_python(_toml(path))
    except ValidationError:
        line = '"AA:BB:CC:DD:EE:FF" = { 1 = 1234 }'
        raise WrongInput(f"{path}: every line must look like {line}.") from None
    return {
        address: Owner(tuple(Consent(user, code) for user, code in users.items()))
        for address, users in told.items()
    }
