"""A whole site on this machine: a gateway, and homes with a hub and simulated devices each.

The demo, the bench and whole-process tests build theirs with it; each part is a real process.
"""

import json
import os
import secrets
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from simulators.home_file import HomeFile
from simulators.peripherals.any import KINDS
from simulators.programs import Program, ProgramFailed, call

PROFILES: Final = {name: kind.profile for name, kind in KINDS.items()}
PARTS: Final = ("BROKER", "API", "CONSOLE")
FIRST_PORT: Final = 20_000
PORTS: Final = 12_000
BLUETOOTHCTL: Final = "#!/bin/sh\necho 'bluetoothctl: 5.82'\n"


def free_port() -> int:
    """Return a port of this machine that nobody listens on.

    Below those that Linux gives to connections that go out (ip_local_port_range, from 32768 on):
    one of these could be taken before a program listens there.
    """
    while True:
        port = FIRST_PORT + secrets.randbelow(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True, slots=True)
class Resident:
    """Who lives in a home, and the devices that measure there."""

    name: str
    home: HomeFile
    file: str = ""
    """The CSV file to import the patient from, where more is known than the name."""


class Gateway:
    """The gateway of a site: its settings, its commands, its process."""

    def __init__(self, folder: Path, port: int, api_port: int = 0, console_port: int = 0) -> None:
        self.folder = folder
        self.environment = {
            "HEARTHLINE_HOME": str(folder / "gateway"),
            "HEARTHLINE_BROKER_PORT": str(port),
            "HEARTHLINE_API_PORT": str(api_port),  # 0: none
            "HEARTHLINE_CONSOLE_PORT": str(console_port),  # 0: none
        }
        self.program = Program(
            "hearthline-gateway", ["all"], folder / "logs" / "gateway.log", self.environment
        )
        self.organisation = ""
        """The one that `register` made."""

    def call(self, *arguments: str) -> Any:
        """Run one of its commands and return what it prints."""
        return call("hearthline-gateway", *arguments, environment=self.environment)

    def wait_until_ready(self, seconds: float) -> None:
        """Wait until broker, API and console take connections. Raises ProgramFailed."""
        end = time.monotonic() + seconds
        ports = [int(self.environment[f"HEARTHLINE_{name}_PORT"]) for name in PARTS]
        while time.monotonic() < end and self.program.running:
            if all(_listens(port) for port in ports if port):
                return
            time.sleep(0.05)
        raise ProgramFailed(f"The gateway is not ready: {self.program.last_words()}")

    def register(self, residents: Sequence[Resident], since: datetime) -> list["Home"]:
        """Make an organisation with a patient and a hub for each resident."""
        self.call("migrate")
        organisation = self.organisation = self.call("organisation", "add", "Demo clinic")["id"]
        return [self._register(organisation, resident, since) for resident in residents]

    def _register(self, organisation: str, resident: Resident, since: datetime) -> "Home":
        zone = ["--timezone", resident.home.zone, "--organisation", organisation]
        folder = self.folder / "homes" / resident.name.lower().replace(" ", "-")
        if resident.file:
            folder.mkdir(parents=True, exist_ok=True)
            (file := folder / "patient.csv").write_text(resident.file)
            (patient,) = self.call("patient", "import", str(file), *zone)["patients"]
        else:
            patient = self.call("patient", "add", resident.name, *zone)["id"]
        kit = folder / "hub"
        devices = [
            f"--device={device.address},{PROFILES[device.kind]},{patient}"
            for device in resident.home.devices
        ]
        hub = self.call(
            *("hub", "add", f"Hub of {resident.name}", *zone, "--out", str(kit)),
            *("--since", f"{since:%Y-%m-%dT%H:%M:%S}", *devices),
        )["id"]
        (folder / "home.json").write_text(resident.home.model_dump_json(indent=1))
        return Home(folder, hub)


@dataclass(slots=True)
class Home:
    """One home: the radio with its devices, and the hub."""

    folder: Path
    hub: str
    radio: Program | None = None
    agent: Program | None = None
    speed: float = 1.0
    hold: bool = False
    """Whether the devices do nothing until `begin`."""
    settings: dict[str, str] = field(default_factory=dict)
    """Settings of the agent that differ from the usual ones."""

    @property
    def taken_path(self) -> Path:
        """Return the file of all that the devices took in this run."""
        return self.folder / "radio" / "taken.jsonl"

    def start_radio(self) -> None:
        """Start the simulated Bluetooth; what was taken in an earlier run is set aside."""
        self.taken_path.unlink(missing_ok=True)
        arguments = ["bluez", str(self.folder / "home.json")]
        arguments += ["--bus-dir", str(self.folder / "radio"), "--speed", str(self.speed)]
        arguments += ["--hold"] if self.hold else []
        self.radio = Program("hearthline-sim", arguments, self.folder / "radio.log", piped=True)
        process = self.radio.start()
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise ProgramFailed(f"The simulated radio did not start: {self.radio.last_words()}")
        self.prepare_agent(json.loads(line)["bus"])

    def prepare_agent(self, bus: str) -> None:
        """Make the hub's program, to find its Bluetooth on this bus."""
        # bleak asks bluetoothctl for BlueZ's version; here there is neither.
        stub = self.folder / "bin" / "bluetoothctl"
        stub.parent.mkdir(parents=True, exist_ok=True)
        stub.write_text(BLUETOOTHCTL)
        stub.chmod(0o755)
        self.agent = Program(
            "hearthline-edge",
            ["run"],
            self.folder / "hub.log",
            {
                "DBUS_SYSTEM_BUS_ADDRESS": bus,
                "PATH": f"{stub.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
                "HEARTHLINE_HUB_DIR": str(self.folder / "hub"),
                "HEARTHLINE_STATE_DIR": str(self.folder / "state"),
                # The container's kernel may not say that its clock is right; here it is.
                "HEARTHLINE_CLOCK_TRUSTED": "true",
                "HEARTHLINE_HEARTBEAT_SECONDS": "5",
                # As the systemd unit has it: without docstrings the agent is 2 MB smaller.
                "PYTHONOPTIMIZE": "2",
                "PYTHONNODEBUGRANGES": "1",
                **self.settings,
            },
        )

    def begin(self) -> None:
        """Let devices that were told to hold begin."""
        if self.radio is not None and self.radio.process is not None:
            self.radio.process.send_signal(signal.SIGUSR1)

    def start_agent(self) -> None:
        """Start the hub."""
        if self.agent is None:
            raise ProgramFailed("A hub starts after its radio.")
        self.agent.start()

    def taken(self) -> list[dict[str, Any]]:
        """Return what the devices took in this run."""
        if not self.taken_path.exists():
            return []
        lines = self.taken_path.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def stop(self) -> None:
        """Stop hub and radio."""
        for program in (self.agent, self.radio):
            if program is not None:
                program.stop()
