"""The folder that makes a Pi a hub: its keys and certificate, the CA, hub.toml."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.wire.hub_file import Broker, HubFile
from gateway.errors import WrongInput
from gateway.identity.authority import issue_client
from gateway.identity.files import SiteKeys, ed25519_pem, write_credential, write_private
from gateway.identity.hub_file import hub_file, hub_file_text
from gateway.identity.keys import write_recipients
from gateway.storage.certificates import record_certificate
from gateway.storage.database import Connection
from gateway.storage.homes import HubRow

# A hub made by `hub add` may be in a site without the enrolment service: it lasts a season. What
# the service issues lasts 7 days.
HUB_LIFE: Final = timedelta(days=90)


@contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """Make a hub's folder, or take an empty one; where the work in it fails, nothing is left.

    Raises WrongInput for one that holds something: it may be another hub's.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WrongInput(f"{folder} is not an empty folder; give each hub one of its own.")
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for file in folder.iterdir():
            file.unlink()
        for path in made:
            with suppress(OSError):
                path.rmdir()
        raise


def write_hub_kit(
    connection: Connection,
    keys: SiteKeys,
    hub: HubRow,
    signing: Ed25519PrivateKey,
    folder: Path,
    now: datetime,
) -> None:
    """Write a hub's keys and certificate into its folder; the certificate is put on record."""
    authority = keys.authority()
    credential = issue_client(authority, str(hub.id), now, HUB_LIFE)
    record_certificate(connection, hub.id, credential.certificate, "kit", now)
    write_private(folder / "ca.crt", authority.certificate)
    write_credential(folder, "hub", credential)
    write_private(folder / "signing.key", ed25519_pem(signing))
    os.chmod(folder, 0o700)  # noqa: PTH101 - the folder may be a mount point


def write_hub_file(
    connection: Connection,
    keys: SiteKeys,
    hub: HubRow,
    broker: Broker,
    folder: Path,
    api: str | None = None,
) -> HubFile:
    """Write hub.toml as the database has it now."""
    content = hub_file(connection, keys.public(), hub, broker, api)
    write_private(folder / "hub.toml", hub_file_text(content).encode())
    write_recipients(keys.folder, hub.suite, folder)
    return content
