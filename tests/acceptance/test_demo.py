"""The demo as a newcomer runs it, twice on the same database, with virtual patients."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from simulators.programs import script

LIMIT_S = 60


def demo(folder: Path) -> dict[str, Any]:
    started = time.monotonic()
    done = subprocess.run(
        [script("hearthline-sim"), "demo", "--once", "--json", "--virtual", "--folder", folder],
        capture_output=True,
        text=True,
        check=False,
        timeout=4 * LIMIT_S,
    )
    assert done.returncode == 0, done.stderr or done.stdout
    print(f"the demo took {time.monotonic() - started:.0f} s, limit {LIMIT_S} s")
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


@pytest.mark.slow
def test_all_that_is_taken_is_stored_and_judged(tmp_path: Path) -> None:
    done = demo(tmp_path)
    assert done["taken"] == done["stored"] > 500
    assert (done["missing"], done["quarantined"], done["duplicates"]) == (0, {}, 0)
    assert done["tasks"].keys() == {"P1", "P2", "P3"}


@pytest.mark.slow
def test_twice_on_the_same_database_adds_nothing(tmp_path: Path) -> None:
    first, second = demo(tmp_path), demo(tmp_path)
    assert second["taken"] == second["stored"] == first["stored"]
    assert second["duplicates"] > 0
    assert second["tasks"] == first["tasks"]
