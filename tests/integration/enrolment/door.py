"""The API as its own process on real TLS, with a keys folder that has no private sealing keys."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.enrolment.nonces import Nonces
from gateway.identity.files import SiteKeys, make_site_keys
from gateway.identity.own import OwnAuthority
from gateway.storage import homes
from gateway.storage.database import Database
from simulators.site import free_port
from tests.fixtures.broker import wait_for
from tests.integration.enrolment.parts import Office

# What opens readings and what signs receipts: ingest's alone.
PRIVATE = ("recipients.json", "receipt.key")


@dataclass
class Door:
    """A running API, and the office behind it."""

    url: str
    office: Office
    authority: bytes
    log: Path
    process: "subprocess.Popen[bytes]"


def make_keys(folder: Path) -> None:
    """Make a site's keys, and take away what the API must do without."""
    make_site_keys(folder, ["127.0.0.1", "localhost"], datetime.now(UTC))
    for name in PRIVATE:
        (folder / name).unlink()
    for shard in "0123456789abcdef":
        (folder / f"ingest-{shard}.key").unlink()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def open_door(database: Database, folder: Path) -> Iterator[Door]:
    """Start the API; end it."""
    keys, port, log = folder / "gateway" / "keys", free_port(), folder / "api.log"
    make_keys(keys)
    credential = SiteKeys(keys).authority()
    ca = OwnAuthority(credential)
    with database.transaction() as connection:
        organisation = homes.add_organisation(connection, "Test clinic")
    secret = Nonces((keys / "api.key").read_bytes())
    office = Office(database, credential, ca, organisation, secret)
    environment = {
        **os.environ,
        "HEARTHLINE_HOME": str(folder / "gateway"),
        "HEARTHLINE_DATABASE_URL": database.url,
        "HEARTHLINE_API_PORT": str(port),
    }
    environment.pop("HEARTHLINE_TEST_DATABASE_URL", None)
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "api"], env=environment, stderr=file
        )
    try:
        wait_for(lambda: answers(port), "the API answers", seconds=120)
        yield Door(f"https://127.0.0.1:{port}", office, ca.anchors(), log, process)
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder / "gateway", ignore_errors=True)
