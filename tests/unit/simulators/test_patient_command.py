"""hearthline-sim patient: what it prints and draws, and what it says to wrong input."""

import csv
import io
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simulators.cli import app
from simulators.home_file import load
from simulators.recordings.folders import find_recordings

FOLDER = find_recordings()


def patient(*arguments: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["patient", *map(str, arguments)], env={"COLUMNS": "200"})
    return done.exit_code, done.stdout, done.stderr


def test_without_a_wish_it_prints_a_summary() -> None:
    code, out, _ = patient("--condition", "copd")
    assert code == 0
    assert "exacerbation: day" in out
    for measure in ("systolic", "spo2", "glucose", "temperature", "weight"):
        assert measure in out


def test_csv_and_json_hold_the_same_numbers_the_same_each_time() -> None:
    wish = ("--condition", "diabetes", "--days", "5", "--adherence", "1")
    _, out, _ = patient(*wish, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    _, again, _ = patient(*wish, "--json")
    assert json.loads(again)["measurements"] == rows
    assert patient(*wish, "--csv")[1] == out
    assert len(rows) > 100
    assert all(
        Decimal(row["value"]).is_finite() for row in rows if row["value"] not in ("HI", "LO")
    )


def test_a_picture_has_units_and_is_the_same_octets_each_time(tmp_path: Path) -> None:
    one, two = tmp_path / "one.svg", tmp_path / "two.svg"
    for path in (one, two):
        assert patient("--condition", "diabetes", "--days", "14", "--plot", path)[0] == 0
    text = one.read_text(encoding="utf-8")
    for words in ("mmHg", "mg/dL", "kg", "local time, 2026", "hypoglycaemia", "sick day"):
        assert words in text
    assert one.read_bytes() == two.read_bytes()


def test_a_png_of_a_short_and_empty_time_can_be_drawn(tmp_path: Path) -> None:
    path = tmp_path / "out.png"
    assert patient("--days", "1", "--adherence", "0", "--plot", path)[0] == 0
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--condition", "plague"), "not one of healthy"),
        (("--recordings", ".", "--name", "p1"), "recorded people are named"),
        (("--recordings", ".", "--name", "krone-05"), "the recording is not there"),
        (("--recordings", ".", "--name", "uci-05"), "nobody in"),
        (("--home", "home.json", "--zone", "Mars"), "is no time zone"),
        (("--home", "/nowhere/home.json"), "there is no folder"),
        (("--plot", "out.pdf"), "a .png or a .svg"),
        (("--plot", "/nowhere/out.png"), "there is no folder"),
        (("--days", "0"), "greater than or equal to 1"),
        (("--adherence", "2"), "less than or equal to 1"),
    ],
)
def test_wrong_input_is_exit_2_with_the_reason(arguments: tuple[str, ...], reason: str) -> None:
    code, _, error = patient(*arguments)
    assert code == 2
    assert reason in " ".join(error.split())


def test_a_patient_becomes_a_home_of_five_devices(tmp_path: Path) -> None:
    path = tmp_path / "home.json"
    wish = ("--condition", "copd", "--days", "3", "--adherence", "1", "--zone", "Europe/Vienna")
    assert patient(*wish, "--home", path)[0] == 0
    first = path.read_bytes()
    home = load(path)
    kinds = {device.kind: device for device in home.devices}
    assert kinds.keys() == {"cuff", "glucometer", "oximeter", "thermometer", "scale"}
    assert len(json.loads(first)["devices"]) == 5
    patient(*wish, "--home", path)
    assert path.read_bytes() == first


@pytest.mark.skipif(FOLDER is None, reason="the public recordings are not here")
@pytest.mark.parametrize("name", ["krone-05", "uci-16", "bp-preg-054", "bidmc-12"])
def test_a_recorded_person_is_listed_drawn_and_replayed(name: str, tmp_path: Path) -> None:
    assert FOLDER is not None
    who = ("--recordings", FOLDER, "--name", name)
    assert len(patient(*who, "--csv")[1].splitlines()) > 15
    picture, home = tmp_path / "out.svg", tmp_path / "home.json"
    assert patient(*who, "--plot", picture, "--home", home)[0] == 0
    assert f"Recorded: {name}" in picture.read_text(encoding="utf-8")
    assert len(load(home).devices) == 1


def test_other_commands_do_not_wait_for_what_draws() -> None:
    code = """
import sys, simulators.cli
print([name for name in ("matplotlib", "numpy") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
