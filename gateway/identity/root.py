"""The offline root: an Ed25519 key that signs which sealing keys hubs may believe.

`root.key` belongs on something that lies in a drawer; the site keeps `root.pub` only.
"""

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from device_profiles.wire.key_record import ROOT_FILE
from gateway.errors import Conflict, WrongInput
from gateway.identity.files import ed25519_pem, locked, write_private
from gateway.identity.root_public import read_root_public, root_text

ROOT_KEY: Final = "root.key"


def make_root(folder: Path) -> Ed25519PublicKey:
    """Make a root in `folder`, which must not hold one. Raises WrongInput."""
    with locked(folder):
        if (folder / ROOT_KEY).exists():
            raise WrongInput(f"{folder} holds a root already; it is never made twice.")
        key = Ed25519PrivateKey.generate()
        write_private(folder / ROOT_FILE, root_text(key.public_key()).encode())
        write_private(folder / ROOT_KEY, ed25519_pem(key))
    return key.public_key()


def read_root_key(folder: Path) -> Ed25519PrivateKey:
    """Read the root's private key. Raises WrongInput, which quotes nothing of it."""
    path = folder / ROOT_KEY
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        raise WrongInput(f"There is no {ROOT_KEY} in {folder}; is it the right medium?") from None
    except (ValueError, TypeError):
        raise WrongInput(f"{path} is broken; use the other copy.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise WrongInput(f"{path} is not an Ed25519 key.")
    return key


def trust_root(keys: Path, root: Ed25519PublicKey) -> None:
    """Let a site believe a root. Raises Conflict where it believes another."""
    with locked(keys):
        known = read_root_public(keys)
        if known is not None and known != root:
            raise Conflict(
                "This site has another root, and its hubs believe no second one: they would have "
                "to be enrolled anew."
            )
        write_private(keys / ROOT_FILE, root_text(root).encode())
