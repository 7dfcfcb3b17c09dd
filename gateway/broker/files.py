"""Writing the broker's files, and telling a running Mosquitto to read them again."""

import os
import pwd
import signal
from datetime import UTC, datetime
from pathlib import Path

from gateway.broker.mosquitto import access_list, configuration
from gateway.identity.files import SiteKeys, locked, write_private
from gateway.identity.revocation import revocation_list
from gateway.settings import Settings
from gateway.storage import homes, revocations
from gateway.storage.database import Database


def update_broker(settings: Settings, database: Database) -> bool:
    """Write the broker's files; False where no broker runs that could read them.

    Call it after the commit. One process at a time reads the hubs and writes: who comes last has
    seen what all before it committed.
    """
    write_broker_files(settings, database)
    return reload_broker(settings.broker_folder.resolve())


def write_broker_files(settings: Settings, database: Database) -> None:
    """Write mosquitto.conf, the access list and the revocation list, as the database has it."""
    folder, keys = settings.broker_folder.resolve(), settings.keys.resolve()
    text = configuration(folder, keys, settings.broker_host, settings.broker_port)
    if os.geteuid() == 0:
        text += f"user {pwd.getpwuid(0).pw_name}\n"
    with locked(folder):
        with database.transaction() as connection:
            hubs = homes.active_hubs(connection)
            revoked = revocations.revoked_certificates(connection)
        write_private(folder / "mosquitto.conf", os.fsencode(text))
        write_private(folder / "acl", access_list(hubs).encode())
        listed, authority = folder / "crl.pem", SiteKeys(keys).authority()
        previous = listed.read_bytes() if listed.exists() else None
        write_private(listed, revocation_list(authority, revoked, datetime.now(UTC), previous))


def reload_broker(folder: Path) -> bool:
    """Ask the managed broker to read its lists again; False where none runs that we may ask."""
    try:
        pid = int((folder / "mosquitto.pid").read_text())
        # After a power cut the file is stale, and the number may be anybody's.
        if Path(f"/proc/{pid}/comm").read_text().strip() != "mosquitto":
            return False
        os.kill(pid, signal.SIGHUP)
    except (OSError, ValueError, OverflowError):
        return False
    return True
