"""Anyone can try a connector without an account: `hearthline-sim far-side`."""

import signal
import subprocess
import tomllib

import pytest
from typer.testing import CliRunner

from gateway.connectors import kinds
from simulators.cli import app
from simulators.programs import script
from tests.integration.connectors.works import full, put


def test_it_says_how_it_is_reached_and_what_came() -> None:
    program = [script("hearthline-sim"), "far-side", "salesforce"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = list(iter(process.stdout.readline, "\n"))
        (table,) = tomllib.loads("".join(lines)).values()
        assert (table.pop("kind"), table.pop("organisation")) == ("salesforce", "...")
        work = full()
        put(kinds()["salesforce"].build(table), work)
        while not (line := process.stdout.readline()).startswith("PATCH"):
            assert line
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert process.returncode == 0
    assert f"P2 {work.title}" in rest


@pytest.mark.parametrize("arguments", [["nonsense"], ["webhook", "--port", "70000"]])
def test_what_there_is_not_is_said(arguments: list[str]) -> None:
    told = CliRunner().invoke(app, ["far-side", *arguments])
    assert told.exit_code == 2
    assert "Invalid value" in told.output
