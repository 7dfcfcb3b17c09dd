"""Scenario files: what comes along can be used, and what is wrong is said with its line."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from simulators.home_file import HomeFile
from simulators.scenarios.faults import FAULTS
from simulators.scenarios.loading import SHIPPED, ScenarioBroken, find, load, loads
from simulators.scenarios.planning import plans
from simulators.scenarios.reporting import junit
from simulators.scenarios.running import Failure, Result
from simulators.scenarios.schema import FILE, schema_text
from simulators.scenarios.spans import _span

GOOD = """\
scenario: A reading arrives
homes:
  - people: [Anna Example]
    devices:
      - {name: cuff, kind: cuff}
timeline:
  - {at: 1s, device: cuff, measure: {systolic: 128, diastolic: 81}}
  - at: 2s
    fault: broker-killed
expect:
  - {stored: all, within: 5s}
"""
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
FILES = find([SHIPPED])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_scenario_can_be_used_and_fits_the_schema(path: Path) -> None:
    loaded = load(path)
    assert loaded.scenario.scenario
    jsonschema.validate(YAML(typ="safe").load(path.read_text()), json.loads(FILE.read_text()))


def test_there_is_a_scenario_for_every_fault_and_every_switch() -> None:
    used = {fault.fault for path in FILES for fault in load(path).scenario.faults}
    assert len(FILES) >= 15
    assert set(FAULTS) - used <= {"worker-away"}


def test_the_schema_is_the_one_that_is_read() -> None:
    assert FILE.read_text() == schema_text(), "hearthline-sim schema > scenario.schema.json"


@pytest.mark.parametrize(
    ("wrong", "right", "line", "reason"),
    [
        ("at: 1s", "at: 1", 7, "no span of time"),
        ("systolic: 128", "systolic: high", 7, "systolic"),
        ("diastolic: 81", "diastolic: 81, colour: red", 7, "colour"),
        ("device: cuff, measure", "device: scale, measure", 7, "say which device: cuff"),
        ("kind: cuff", "kind: toaster", 5, "there is no device toaster"),
        ("broker-killed", "broker-eaten", 9, "there is no fault broker-eaten"),
        ("stored: all", "stored: some", 11, "stored"),
        ("stored: all", "restored: all", 11, "expect one of"),
        ("{name: cuff, kind: cuff}", "{name: cuff, kind: cuff", 6, "','"),
        ("  - at: 2s\n", "  - at: 2s\n    at: 3s\n", 9, "duplicate key"),
        ("at: 2s", "at: -2s", 8, "cannot be negative"),
        ("people: [Anna Example]", "people: [Anna Example, Ben Example]", 3, "say whose the cuff"),
        ("    devices:", "    zone: Europe/Atlantis\n    devices:", 4, "is no time zone"),
    ],
)
def test_a_fault_in_a_file_is_said_with_its_line(
    wrong: str, right: str, line: int, reason: str
) -> None:
    text = GOOD.replace(wrong, right)
    assert text != GOOD
    with pytest.raises(ScenarioBroken) as said:
        loads(text, "mine")
    first = str(said.value).splitlines()[0]
    assert first.startswith(f"mine.yaml:{line}:"), first
    assert reason in first


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ScenarioBroken, match="No such file"):
        load(tmp_path / "none.yaml")


@pytest.mark.parametrize("text", ["", "- 1\n", "just words\n"])
def test_what_is_no_scenario(text: str) -> None:
    with pytest.raises(ScenarioBroken, match=r"mine\.yaml:1"):
        loads(text, "mine")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5s", 5), ("250ms", 0.25), ("1h30m", 5400), ("-2d", -172800), ("1.5m", 90), ("+3s", 3)],
)
def test_spans(text: str, seconds: float) -> None:
    assert _span(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_same_scenario_at_the_same_time_is_the_same_home(path: Path) -> None:
    first, second = (plans(load(path).scenario, NOW) for _ in range(2))
    assert [one.file.model_dump_json() for one in first] == [
        one.file.model_dump_json() for one in second
    ]


def test_another_seed_has_other_addresses_and_speed_shortens_what_is_to_come() -> None:
    (home,) = plans(loads(GOOD).scenario, NOW)
    (other,) = plans(loads("seed: 2\n" + GOOD).scenario, NOW)
    assert _address(home.file) != _address(other.file)
    (fast,) = plans(loads(GOOD.replace("at: 1s", "at: 1h")).scenario, NOW, speed=60)
    (measured,) = fast.file.devices[0].measurements
    assert (measured.after_s, measured.device_time.minute) == (3600, 1)


def test_the_junit_file_says_what_was_seen_and_is_the_same_twice() -> None:
    loaded = loads(GOOD, "mine")
    wrong = Failure(11, "all readings stored", "0 of 1")
    results = [Result(loaded, (), 1, 1, 3.3), Result(loaded, (wrong,), 1, 0, 9.9)]
    written = junit(results, 1)
    assert b'failures="1"' in written
    assert b"expected all readings stored; saw 0 of 1" in written
    assert written == junit([Result(loaded, (), 1, 1, 7.7), results[1]], 1)


def _address(home: HomeFile) -> str:
    return home.devices[0].address
