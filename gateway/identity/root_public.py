"""The public half of the offline root, which hubs believe and everybody may read."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from device_profiles.wire.key_record import ROOT_FILE, BadRecord, read_root
from gateway.errors import WrongInput


def read_root_public(folder: Path) -> Ed25519PublicKey | None:
    """Return the root that a site, or a medium, names; None where it has none."""
    path = folder / ROOT_FILE
    try:
        return read_root(path.read_text("ascii"))
    except FileNotFoundError:
        return None
    except (BadRecord, UnicodeDecodeError):
        raise WrongInput(f"{path} is broken; copy it again.") from None


def root_text(root: Ed25519PublicKey) -> str:
    """Return the content of root.pub."""
    return root.public_bytes_raw().hex() + "\n"
