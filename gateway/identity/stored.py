"""Reads key files, checked: a broken one is named, with its remedy. The CA's is read here too.

What opens readings and signs receipts is read in `sealing.py`, which the API may not import.
pyproject.toml holds it to that.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from gateway.errors import WrongInput
from gateway.identity.authority import Credential


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """Name the file that a parser finds broken."""
    # The parsers' own words may quote what they read, and it is secret.
    try:
        yield
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise WrongInput(f"{path} is broken; restore it from the backup of the keys.") from None


def read_stored(path: Path) -> bytes:
    """Read a key file. Raises WrongInput that says what to do where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        made = path.with_name("ca.crt").exists() or path.with_name("broker.crt").exists()
        remedy = (
            "restore it from the backup of the keys"
            if made
            else "run `hearthline-gateway migrate` first"
        )
        raise WrongInput(f"There is no {path.name} in {path.parent}; {remedy}.") from None


def read_authority(folder: Path) -> Credential:
    """Read the CA: its certificate and the key that belongs to it."""
    found = Credential(read_stored(folder / "ca.crt"), read_stored(folder / "ca.key"))
    with whole(folder / "ca.crt"):
        public = x509.load_pem_x509_certificate(found.certificate).public_key()
    with whole(folder / "ca.key"):
        if serialization.load_pem_private_key(found.key, None).public_key() != public:
            raise ValueError("the key of another certificate")
    return found
