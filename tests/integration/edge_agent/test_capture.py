"""`hearthline-edge capture` records a simulated cuff's session, through unmodified bleak."""

import json
import os
import subprocess
import sys
from pathlib import Path

from device_profiles.registry import PROFILES
from device_profiles.replay import parse, play
from tests.fixtures.radio import Radio

ADDRESS = "C0:FF:EE:00:00:09"
HOME = {
    "seed": 1,
    "devices": [
        {
            "address": ADDRESS,
            "kind": "cuff",
            "name": "BP-4711",
            "measurements": [
                {
                    "after_s": 1.0,
                    "device_time": "2026-11-21T08:00:00",
                    "systolic": 121,
                    "diastolic": 81,
                    "pulse": 61,
                }
            ],
        }
    ],
}


def test_a_session_is_recorded_and_can_be_played_back(radio: Radio, tmp_path: Path) -> None:
    home = radio(HOME)
    file = tmp_path / "cuff.jsonl"
    done = subprocess.run(
        [sys.executable, "-m", "edge_agent", "capture", ADDRESS, str(file), "--seconds", "30"],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    assert "Profile: generic_cuff" in done.stdout
    lines = parse(file.read_text())
    (taken,) = home.taken()
    assert taken["octets"] in {line.get("octets") for line in lines}
    steps = play(PROFILES["generic_cuff"], lines)
    assert [str(reading.values[0].number) for step in steps for reading in step.readings] == ["121"]
    whole = file.read_text().lower()
    assert not [word for word in ("bp-4711", "c0ffee000009") if word in whole]
    assert {json.loads(line).get("kind") for line in whole.splitlines()} == {"device capture", None}
