"""`hearthline-edge pair` against simulated devices, through unmodified bleak and the real spool."""

import json
import os
import pty
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from device_profiles.reading import Kind
from device_profiles.wire.body import ReadingBody
from device_profiles.wire.pairing import read_proof
from edge_agent.spool.lock import Lock
from edge_agent.spool.sqlite import SqliteSpool
from tests.fixtures.hub import trusted_clock
from tests.fixtures.radio import Radio
from tests.integration.edge_agent.agent import CUFF, METER, Hub, hub_kit
from tests.integration.edge_agent.broker import Broker, free_port
from tests.integration.edge_agent.certificates import make_authority
from tests.integration.edge_agent.hub_inside import QUOTA
from tests.integration.edge_agent.test_whole_agent import cuff, home, meter

PIN = "123456"
QUICK = {"hang_up_s": 0.2, "gap_s": 0.0}


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """A hub that has enrolled, without a broker: nothing here needs one."""
    (tmp_path / "broker").mkdir()
    broker = Broker(free_port(), tmp_path / "broker", make_authority())
    return Hub.install(tmp_path, hub_kit(broker), broker)


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "edge_agent", "pair", *options]


def pair(hub: Hub, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(*options),
        env={**os.environ, **hub.env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )


class Terminal:
    """A technician's terminal: what the command shows, and what is typed."""

    def __init__(self, hub: Hub, *options: str) -> None:
        ours, theirs = pty.openpty()
        self._handle, self.shown = ours, ""
        self.process = subprocess.Popen(
            command(*options),
            env={**os.environ, **hub.env},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)

    def until(self, words: str) -> None:
        """Read until these words are shown; pytest's own limit ends a wait in vain."""
        while not re.search(words, self.shown):
            try:
                self.shown += os.read(self._handle, 4096).decode()
            except OSError:  # the terminal's end: the command is over
                pytest.fail(f"{words} was not shown:\n{self.shown}")

    def type(self, line: str) -> None:
        os.write(self._handle, f"{line}\n".encode())

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._handle)


@contextmanager
def terminal(hub: Hub, *options: str) -> Iterator[Terminal]:
    made = Terminal(hub, *options)
    try:
        yield made
    finally:
        made.close()


def kept(hub: Hub) -> list[ReadingBody]:
    """Return the readings in the hub's spool, opened as the gateway would."""
    spool = SqliteSpool(hub.state, hub.kit.sealer(), trusted_clock(), QUOTA)
    try:
        opened = [hub.kit.open(row) for row in spool.pending(1000)]
    finally:
        spool.close()
    return [body for body in opened if isinstance(body, ReadingBody)]


def test_a_technician_chooses_a_meter_and_types_its_passkey(hub: Hub, radio: Radio) -> None:
    radio(home({**meter(2, behaviour={**QUICK, "again_s": 0.2}), "pin": PIN}))
    with terminal(hub) as seen:
        seen.until(r"  1 .* dBm .*C0:FF:EE:00:00:02 .*\(generic_glucometer\)")
        seen.type("7")  # there is none: the list is shown again
        seen.until(r"(?s)  1 .*  1 ")
        seen.type("1")
        seen.until("Type them")
        seen.type("12")
        seen.until("Once more")
        seen.type("000000")
        seen.until("(?s)not the one of this device.*Type them")
        seen.type(PIN)
        seen.until("systemctl start hearthline-edge")
        assert seen.process.wait(20) == 0
    assert "Measured: glucose 101 mg/dL" in seen.shown  # the newest, on the screen
    text = re.search(r"--proof '(\S+)'", seen.shown)
    assert text is not None
    proof = read_proof(text.group(1), hub.kit.signing_key.public_key())
    assert (proof.hub, proof.address, proof.kind) == (hub.kit.hub, METER, Kind.GLUCOSE)
    assert proof.profile == "generic_glucometer"
    readings = kept(hub)
    assert {body.arrival.device for body in readings} == {proof.device}
    assert len(readings) == 2
    assert proof.at is not None
    assert all(body.measured_at and body.measured_at < proof.at for body in readings)
    written = tomllib.loads((hub.folder / "hub" / "passkeys.toml").read_text())
    assert written == {METER: PIN}


def test_a_program_pairs_a_cuff_and_is_told_no_value(hub: Hub, radio: Radio) -> None:
    radio(home(cuff(0.1, behaviour=QUICK)))
    done = pair(hub, "--address", CUFF.lower(), "--json", "--seconds", "60")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert (told["profile"], told["kind"], told["records"]) == ("generic_cuff", "blood_pressure", 1)
    assert (told["model"], told["basis"]) == ("Simulated Cuff", "device_clock")
    shown = done.stderr + done.stdout.replace(told["proof"], "")
    assert not re.search(r"\b(120|80|60)\b", shown)
    (body,) = kept(hub)
    assert str(body.arrival.device) == told["device"]


def test_what_is_near_is_listed_and_a_device_without_a_passkey_refused(
    hub: Hub, radio: Radio
) -> None:
    radio(home(cuff(0), {**meter(1), "pin": PIN}))
    rows: list[dict[str, Any]] = []
    while len(rows) < 2:  # that may be too short on a busy machine: then look once more
        done = pair(hub, "--list", "--seconds", "0.3", "--json")
        assert done.returncode == 0, done.stderr
        rows = json.loads(done.stdout)
    assert {(row["address"], row["profile"]) for row in rows} == {
        (CUFF, "generic_cuff"),
        (METER, "generic_glucometer"),
    }
    assert all(row["rssi_dbm"] < 0 and row["strength"] and not row["known"] for row in rows)
    done = pair(hub, "--address", METER, "--json", "--seconds", "60")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].endswith("give its six digits with --passkey.")


def test_the_running_agent_keeps_the_adapter(hub: Hub) -> None:
    hub.state.mkdir()
    lock = Lock(hub.state)
    done = pair(hub, "--list")
    lock.release()
    assert done.returncode == 2
    assert "systemctl stop hearthline-edge" in done.stderr
