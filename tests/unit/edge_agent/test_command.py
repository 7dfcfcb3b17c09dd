"""The command: one line for wrong input, exit 2, never a traceback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from edge_agent.commands import app
from gateway.settings import Settings as GatewaySettings


def edge(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "edge_agent", *arguments],
        env={"PATH": "/usr/bin", "PYTHONPATH": ":".join(sys.path), **env},
        capture_output=True,
        text=True,
        check=False,
    )


def refused(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert all(word in done.stderr for word in words), done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HEARTHLINE_SPOOL_BITES", "1"),
        ("HEARTHLINE_SPOOL_BYTES", "1"),
        ("HEARTHLINE_QUIET_SECONDS", "soon"),
        ("HEARTHLINE_CLOCK_TRUSTED", "maybe"),
    ],
)
def test_wrong_settings_are_named(name: str, value: str) -> None:
    refused(edge("devices", **{name: value}), name)


def test_the_gateways_settings_may_stand_beside_ours(tmp_path: Path) -> None:
    others = {f"HEARTHLINE_{name.upper()}": "x" for name in GatewaySettings.model_fields}
    refused(edge("devices", HEARTHLINE_HUB_DIR=str(tmp_path), **others), "hub.toml")


@pytest.mark.parametrize(
    ("text", "word"),
    [(None, "hub.toml"), ("[", "hub.toml"), ("", "hub"), ('version = 1\nhub = "x"\n', "hub:")],
)
def test_a_wrong_hub_file_is_named(tmp_path: Path, text: str | None, word: str) -> None:
    if text is not None:
        (tmp_path / "hub.toml").write_text(text)
    refused(edge("run", HEARTHLINE_HUB_DIR=str(tmp_path)), str(tmp_path), word)


def test_status_without_an_agent_says_so(tmp_path: Path) -> None:
    refused(edge("status", HEARTHLINE_STATE_DIR=str(tmp_path)), "no agent has run here")


def test_decode_prints_fields_and_readings() -> None:
    # Example values of the Blood Pressure Service 1.1.1: 120/80, mean 93 mmHg.
    done = edge("decode", "2A35", "00780050005d00", "--json")
    said = json.loads(done.stdout)
    assert (said["fields"]["systolic"], said["fields"]["diastolic"]) == (120, 80)
    assert said["readings"][0]["kind"] == "blood_pressure"
    refused(edge("decode", "2A35", "0078"), "octets")
    refused(edge("decode", "2A35", "xy"), "hex")
    refused(edge("decode", "FFFF", "00"), "FFFF")


def test_every_command_has_an_example() -> None:
    for command in app.registered_commands:
        assert command.callback is not None
        assert "Example:" in (command.callback.__doc__ or "")


# Each would cost the agent memory for months: of gateway, terminal, tests, or for what is rare.
HEAVY = {"rich", "typer", "click", "pydantic_settings", "numpy", "scipy", "fastapi", "gpiozero"}
HEAVY |= {"structlog", "statistics", "multiprocessing", "unittest", "argparse", "httpx"}
HEAVY |= {"cryptography.x509", "pydantic.v1", "pydantic.networks", "gateway", "simulators"}


def test_the_running_agent_carries_nothing_heavy() -> None:
    """All profiles included: which of them a home has is not known."""
    program = (
        "import sys; from edge_agent import app, cli, settings;"
        "from device_profiles.registry import PROFILES; list(PROFILES.values());"
        f"print(sorted({HEAVY!r} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
