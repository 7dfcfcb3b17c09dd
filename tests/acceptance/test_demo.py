"""The demo as a newcomer runs it, twice on the same database, with virtual patients."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

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


def test_twice_on_the_same_database_adds_nothing(tmp_path: Path) -> None:
    first = demo(tmp_path)
    assert first["taken"] == first["stored"] > 500
    assert (first["missing"], first["quarantined"], first["duplicates"]) == (0, {}, 0)
    assert first["tasks"].keys() == {"P1", "P2", "P3"}
    second = demo(tmp_path)
    assert second["taken"] == second["stored"] == first["stored"]
    assert second["duplicates"] > 0
    assert second["tasks"] == first["tasks"]
