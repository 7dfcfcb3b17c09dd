"""A small fleet beside a whole gateway: every reading is receipted, and the account agrees."""

import json
import subprocess
from typing import Any

import pytest

from simulators.programs import script

HUBS, RATE, SECONDS = 8, 40, 6


def fleet(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [script("hearthline-sim"), "fleet", "--json", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


@pytest.mark.slow  # make test has twelve minutes
def test_every_reading_of_a_small_fleet_is_receipted_and_evaluated() -> None:
    done = fleet("--hubs", str(HUBS), "--rate", str(RATE), "--minutes", str(SECONDS / 60))
    assert done.returncode == 0, done.stderr or done.stdout
    figures: dict[str, Any] = json.loads(done.stdout)
    assert figures["sent"] == figures["receipted"] == RATE * SECONDS
    assert (figures["missing"], figures["quarantined"], figures["problems"]) == (0, 0, [])
    assert figures["gateway"]["stored"] == figures["sent"]
    assert figures["gateway"]["hubs"] == HUBS
    assert figures["gateway"]["waiting"] == 0
    assert {"fleet", "broker", "ingest", "worker", "postgres"} <= figures["processes"].keys()


def test_wrong_input_is_said() -> None:
    assert fleet("--hubs", "0").returncode == 2
