"""The agent as a process of its own, with a hub's folder, on a broker and a simulated radio."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import tomli_w
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from device_profiles.wire.hub_file import PairedDevice
from edge_agent.status import read_status
from tests.fixtures.hub import Kit, make_kit
from tests.integration.edge_agent.broker import Broker, until

CUFF, METER, OXIMETER, SCALE, BODY_SCALE, THERMOMETER, CGM = (
    f"C0:FF:EE:00:00:0{n}" for n in range(1, 8)
)
PROFILES = {
    CUFF: "generic_cuff",
    METER: "generic_glucometer",
    OXIMETER: "generic_oximeter",
    SCALE: "generic_scale",
    BODY_SCALE: "generic_body_scale",
    THERMOMETER: "generic_thermometer",
    CGM: "generic_cgm",
}
STOP_S = 15


def device(address: str) -> PairedDevice:
    return PairedDevice(id=uuid5(UUID(int=1), address), address=address, profile=PROFILES[address])


def hub_kit(broker: Broker, *addresses: str) -> Kit:
    return make_kit(broker.port, tuple(map(device, addresses)))


@dataclass
class Hub:
    """A hub's folders and its running agent."""

    kit: Kit
    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    @classmethod
    def install(
        cls, folder: Path, kit: Kit, broker: Broker, passkeys: dict[str, str] | None = None
    ) -> "Hub":
        """Write what `hearthline-gateway hub add` would write."""
        home = folder / "hub"
        broker.authority.issue(str(kit.hub), home, "hub")
        plain = kit.hub_file.model_dump(mode="json", exclude_none=True)
        (home / "hub.toml").write_text(tomli_w.dumps(plain))
        pem = kit.signing_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (home / "signing.key").write_bytes(pem)
        if passkeys:
            (home / "passkeys.toml").write_text(tomli_w.dumps(passkeys))
        env = {
            "HEARTHLINE_HUB_DIR": str(home),
            "HEARTHLINE_STATE_DIR": str(folder / "state"),
            "HEARTHLINE_CLOCK_TRUSTED": "true",
            "HEARTHLINE_QUIET_SECONDS": "3",
        }
        return cls(kit, folder, env)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def start(self) -> None:
        log, console = self.folder / "agent.log", self.folder / "console.log"
        with log.open("ab") as errors, console.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "edge_agent", "run"],
                env={**os.environ, **self.env},
                stdout=out,
                stderr=errors,
            )

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Stop it as systemd would: asked first, then killed."""
        assert self.process is not None
        self.process.terminate()
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.process.returncode

    def log(self) -> list[dict[str, Any]]:
        text = (self.folder / "agent.log").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def events(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.log() if line["event"] == event]

    def ask(self, *command: str) -> Any:
        """Run a subcommand with --json."""
        done = subprocess.run(
            [sys.executable, "-m", "edge_agent", *command, "--json"],
            env={**os.environ, **self.env},
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    def problems(self) -> list[str | None]:
        """Return what the agent's own file says is wrong with each device."""
        told = read_status(self.state)
        return [state.problem for state in told.devices] if told else []

    async def until_event(self, event: str, times: int = 1) -> None:
        await until(lambda: len(self.events(event)) >= times, f"{event} x {times}")

    async def until_empty(self) -> None:
        """Wait until nothing waits in the spool any more, heartbeats included."""
        await until(lambda: self.waiting() == 0, "the spool is empty")

    def epoch(self) -> int:
        told = read_status(self.state)
        assert told is not None
        return told.epoch

    def waiting(self) -> int:
        """Count the spool's rows while the agent runs."""
        with closing(sqlite3.connect(f"file:{self.state}/spool.db?mode=ro", uri=True)) as db:
            return int(db.execute("SELECT count(*) FROM envelope").fetchone()[0])
