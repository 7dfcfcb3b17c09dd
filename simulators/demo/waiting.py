"""The demo's third home: nobody brought its hub yet. Who installs it finds box and meter here."""

import time
import tomllib
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from simulators.home_file import HomeFile
from simulators.programs import ProgramFailed
from simulators.site import Gateway, Home

NAME: Final = "Carla Example"
METER: Final = "C0:FF:EE:00:00:05"
MODEL: Final = "generic_glucometer"
LINE: Final = (
    'Carla,Example,1939-12-01,en,+1 312 555 0146,"3 Example Street, Example Town",'
    "Emil Example,child,+1 312 555 0147"
)
LOOK_EVERY_S: Final = 3.0
# After it was switched on; so long after the pairing that it is the patient's.
MEASURES_AFTER: Final = timedelta(seconds=10)


class WaitingHome:
    """Its box becomes a hub by the newcomer's hand; once a device is paired, it is switched on."""

    def __init__(self, folder: Path, gateway: Gateway) -> None:
        self._folder, self._gateway = folder, gateway
        self._home: Home | None = None
        self._look_at = 0.0

    def register(self, file: str, zone: str) -> None:
        """Write the patient down, with their consent."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (path := self._folder / "patient.csv").write_text(file)
        place = ["--timezone", zone, "--organisation", self._gateway.organisation]
        self._gateway.call("patient", "import", str(path), *place)

    def box(self) -> str:
        """Return the command by which somebody is the box that reads an invitation."""
        return (
            f"HEARTHLINE_HUB_DIR={self._folder / 'hub'} .venv/bin/hearthline-edge "
            "enroll 'INVITATION'"
        )

    def look(self, zone: str) -> None:
        """Switch hub and meter on as soon as the one is enrolled and the other is paired."""
        if self._home is not None or time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_EVERY_S
        hub = self._enrolled()
        if hub is None or not self._paired(hub):
            return
        (self._folder / "home.json").write_text(_home(zone).model_dump_json(indent=1))
        # It looks so often whether a device was paired: who installs it waits beside it.
        self._home = Home(self._folder, hub, settings={"HEARTHLINE_RENEW_SECONDS": "2"})
        self._home.start_radio()
        self._home.start_agent()

    def stop(self) -> None:
        """Switch it off."""
        if self._home is not None:
            self._home.stop()

    def _enrolled(self) -> str | None:
        file = self._folder / "hub" / "hub.toml"
        return str(tomllib.loads(file.read_text())["hub"]) if file.exists() else None

    def _paired(self, hub: str) -> bool:
        # The gateway may be busy, or its database away for a while: it is asked again soon.
        with suppress(ProgramFailed):
            hubs = self._gateway.call("hub", "list")
            return any(row["id"] == hub and row["devices"] for row in hubs)
        return False


def _home(zone: str) -> HomeFile:
    at = datetime.now(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0) + MEASURES_AFTER
    measured = {"after_s": MEASURES_AFTER.seconds, "device_time": at.isoformat(), "glucose": "104"}
    meter = {"address": METER, "kind": "glucometer", "name": "Meter C", "measurements": [measured]}
    return HomeFile.model_validate({"seed": 1, "zone": zone, "devices": [meter]})
