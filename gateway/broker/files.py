"""Writing the broker's files, and telling a running Mosquitto to read them again."""

import os
import pwd
import signal
from pathlib import Path

from gateway.broker.mosquitto import access_list, configuration
from gateway.identity.files import locked, write_private
from gateway.settings import Settings
from gateway.storage import homes
from gateway.storage.database import Database


def update_broker(settings: Settings, database: Database) -> bool:
    """Write mosquitto.conf and the ACL; False where no broker runs that could read them.

    Call it after the commit. One process at a time reads the hubs and writes: who comes last has
    seen what all before it committed.
    """
    folder, keys = settings.broker_folder.resolve(), settings.keys.resolve()
    text = configuration(folder, keys, settings.broker_host, settings.broker_port)
    if os.geteuid() == 0:
        text += f"user {pwd.getpwuid(0).pw_name}\n"
    with locked(folder):
        with database.transaction() as connection:
            hubs = homes.active_hubs(connection)
        write_private(folder / "mosquitto.conf", os.fsencode(text))
        write_private(folder / "acl", access_list(hubs).encode())
        return reload_broker(folder)


def reload_broker(folder: Path) -> bool:
    """Ask the managed broker to read its ACL again; False where none runs that we may ask."""
    try:
        pid = int((folder / "mosquitto.pid").read_text())
        # After a power cut the file is stale, and the number may be anybody's.
        if Path(f"/proc/{pid}/comm").read_text().strip() != "mosquitto":
            return False
        os.kill(pid, signal.SIGHUP)
    except (OSError, ValueError, OverflowError):
        return False
    return True
