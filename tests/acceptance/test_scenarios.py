"""The scenarios that come along, on the real programs; what is wrong in one is said."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from simulators.programs import script
from simulators.scenarios.loading import SHIPPED, find

FILES = find([SHIPPED])
AT = "2026-03-02T08:00:00"
# Their clocks are never compared with now, so that they can be replayed at any time.
REPLAYED = ("burst", "racp-hang-up", "identical-readings")
WRONG = """\
scenario: Nobody would expect that
homes:
  - people: [Anna Example]
    devices:
      - {name: cuff, kind: cuff}
timeline:
  - {at: 0s, device: cuff, measure: {systolic: 128, diastolic: 81}}
expect:
  - {stored: 2, within: 3s}
  - {task: P1, within: 3s}
  - {tasks: 0}
"""


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [script("hearthline-sim"), "run", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def results() -> Mapping[str, Any]:
    """Run all that come along, once."""
    done = run("--shipped", "--jobs", "2", "--json")
    return {Path(one["file"]).stem: one for one in json.loads(done.stdout)}


@pytest.mark.timeout(500)
@pytest.mark.parametrize("name", [path.stem for path in FILES])
def test_a_shipped_scenario_is_green(name: str, results: Mapping[str, Any]) -> None:
    assert results[name]["failures"] == []


@pytest.mark.slow
def test_a_wrong_expectation_exits_1_and_says_what_was_seen(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(WRONG)
    done = run(tmp_path / "wrong.yaml", "--junit", tmp_path / "out.xml")
    assert done.returncode == 1
    assert "wrong.yaml:9: expected 2 readings stored" in done.stderr
    assert "saw 1 of 2" in done.stderr
    assert "wrong.yaml:10: expected 1 task P1" in done.stderr
    assert "saw no task at all" in done.stderr
    assert "wrong.yaml:11" not in done.stderr
    failures = ET.parse(tmp_path / "out.xml").findall(".//failure")  # noqa: S314 - our own
    assert len(failures) == 2


def test_a_broken_file_exits_2_with_line_and_reason_and_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(WRONG.replace("kind: cuff", "kind: toaster"))
    (tmp_path / "b.yaml").write_text(WRONG.replace("within: 3s", "within: 3"))
    done = run(tmp_path)
    assert done.returncode == 2
    assert "a.yaml:5: homes.0.devices.0.kind: there is no device toaster" in done.stderr
    assert "b.yaml:9: expect.0.within: 3 is no span of time" in done.stderr
    assert done.stdout == ""


@pytest.mark.slow  # a minute
def test_the_same_seed_gives_the_same_octets_timings_and_junit_file_twice(tmp_path: Path) -> None:
    files = [SHIPPED / f"{name}.yaml" for name in REPLAYED]
    for turn in ("first", "second"):
        keep, junit = tmp_path / turn, tmp_path / f"{turn}.xml"
        done = run(*files, "--at", AT, "--keep", keep, "--junit", junit)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "first.xml").read_bytes() == (tmp_path / "second.xml").read_bytes()
    first, second = _homes(tmp_path / "first"), _homes(tmp_path / "second")
    assert first == second
    assert sum(len(taken) for _, taken in first.values()) >= 56


def _homes(folder: Path) -> dict[str, tuple[str, list[tuple[Any, ...]]]]:
    """Return each home's timings and what its devices took, without when that was just now."""
    found = {}
    for file in sorted((folder / "homes").glob("*/*/home.json")):
        home = file.parent
        lines = map(json.loads, (home / "radio" / "taken.jsonl").read_text().splitlines())
        keys = ("device", "kind", "uuid", "octets", "context", "device_time", "measured_at")
        taken = [tuple(line[key] for key in keys) for line in lines]
        found[home.parent.name] = ((home / "home.json").read_text(), taken)
    return found
