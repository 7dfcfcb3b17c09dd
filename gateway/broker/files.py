"""Writing the broker's files, and telling a running Mosquitto to read them again."""

import os
import pwd
import signal
from pathlib import Path

from gateway.broker.mosquitto import access_list, configuration
from gateway.identity.files import write_private
from gateway.settings import Settings
from gateway.storage import homes
from gateway.storage.database import Connection


def write_broker_files(settings: Settings, connection: Connection) -> Path:
    """Write mosquitto.conf and the ACL from the database; return the path of the former."""
    folder, keys = settings.broker_folder.resolve(), settings.keys.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    conf = folder / "mosquitto.conf"
    text = configuration(folder, keys, settings.broker_host, settings.broker_port)
    if os.geteuid() == 0:
        text += f"user {pwd.getpwuid(0).pw_name}\n"
    write_private(conf, text.encode())
    write_private(folder / "acl", access_list(homes.active_hubs(connection)).encode())
    return conf


def reload_broker(settings: Settings) -> bool:
    """Ask the managed broker to read its ACL again; False where none runs."""
    pid_file = settings.broker_folder / "mosquitto.pid"
    try:
        os.kill(int(pid_file.read_text()), signal.SIGHUP)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return False
    return True
