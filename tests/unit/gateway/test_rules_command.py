"""`rules` on the command line, where no database is needed: what it prints, and how it exits."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from alerting.packs.loader import DEFAULT
from alerting.packs.schema import FILE
from gateway.cli import app
from gateway.errors import NotFound, WrongInput
from gateway.rules.burden import NAIVE, compare, page

CSV = """\
subject,at,kind,name,value,unit,note
a,2026-03-02T08:00,glucose,glucose,50,mg/dL,
a,2026-03-02T09:00,glucose,glucose,HI,mg/dL,
a,2026-03-03T08:00,blood_pressure,systolic,150,mm[Hg],
a,2026-03-03T08:00,blood_pressure,diastolic,95,mm[Hg],
b,2026-03-03T08:00,glucose,glucose,100,mg/dL,
"""


def rules(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["rules", *map(str, words)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.csv").write_text(CSV, "utf-8")
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "mine.csv").write_text(
        "subject,kind,from,to\na,hypo,2026-03-02T07:00,2026-03-02T08:00\n"
        "b,hypo,2026-03-02T07:00,2026-03-02T08:00\n",
        "utf-8",
    )
    return tmp_path


def test_packs_say_for_whom_they_are() -> None:
    told = {row["pack"]: row for row in json.loads(rules("packs", "--json").stdout)}
    assert (told["default"]["for"], told["diabetes"]["for"]) == ("everybody", "programme")
    assert told["diabetes"]["replaces"] == "glucose_high"
    assert all(row["version"] >= 1 and row["rules"] for row in told.values())
    assert rules("schema").stdout == FILE.read_text("utf-8")


def test_lint_and_test_of_what_ships() -> None:
    assert rules("lint").exit_code == 0
    assert rules("test").exit_code == 0
    assert json.loads(rules("lint", "--json").stdout) == []


def test_lint_exits_1_where_something_is_to_be_mended(tmp_path: Path) -> None:
    pack = tmp_path / "mine.yaml"
    pack.write_text(DEFAULT.read_text().replace('mmol/L: "< 3.0"', 'mmol/L: "< 2.0"'), "utf-8")
    result = rules("lint", pack)
    assert result.exit_code == 1
    assert "glucose_low: P1: 54 mg/dL is 3.00 mmol/L, not 2.0" in result.stdout
    assert isinstance(rules("lint", tmp_path / "none.yaml").exception, WrongInput)


def test_list_and_show() -> None:
    listed = json.loads(rules("list", "--json").stdout)
    assert {"glucose_low", "spo2_low"} <= {row["rule"] for row in listed}
    assert "< 54" in rules("show", "glucose_low").stdout
    assert isinstance(rules("show", "none").exception, NotFound)


def test_a_failing_test_exits_1_and_a_broken_file_2(tmp_path: Path) -> None:
    file = tmp_path / "tests.yaml"
    text = (DEFAULT.parent / "tests" / "default.yaml").read_text()
    text = text.replace("../default.yaml", str(DEFAULT))
    file.write_text(text.replace("severity: P1", "severity: P3"), "utf-8")
    result = rules("test", file)
    assert result.exit_code == 1
    assert "severity is P1, expected P3" in result.stdout
    assert isinstance(rules("test", DEFAULT).exception, WrongInput)
    assert json.loads(rules("test", "--schema").stdout)["title"] == "Tests of Hearthline rules"


def test_a_back_test_of_series(folder: Path) -> None:
    result = rules("backtest", "--recordings", folder, "--plot", folder / "page.html", "--json")
    told = json.loads(result.stdout)
    assert (told["patients"], told["alerts"]) == (2, 2)
    assert told["patients_most"] == [{"patient": "a", "alerts": 2, "tasks": 2}]
    assert (folder / "page.html").read_text().startswith("<!doctype html>")


def test_a_rule_beside_the_one_in_force(folder: Path) -> None:
    pack = folder / "mine.yaml"
    pack.write_text(DEFAULT.read_text().replace('mg/dL: "< 54"', 'mg/dL: "< 50"'), "utf-8")
    result = rules("backtest", "--recordings", folder, "--rule", pack, "--json")
    against = {row["rule"]: row for row in json.loads(result.stdout)["against_rules_in_force"]}
    assert against["glucose_low"]["less_urgent"] == 1
    assert against["glucose_high"]["same"] == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--since", "soon"), "no time"),
        (("--minutes", "P9=1"), "looks like"),
        (("--plot", "x.png"), ".html or .svg"),
        (("--virtual", "1", "--recordings", "."), "not both"),
        (("--recordings", "none.csv"), "No such file"),
        (("--virtual", "1", "--rule", "none.yaml"), "No such file"),
    ],
)
def test_wrong_input_is_said(words: tuple[str, ...], reason: str) -> None:
    error = rules("backtest", *words).exception
    assert isinstance(error, WrongInput)
    assert reason in str(error)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (",50,", ",fifty,", "2: the value is no number, HI or LO"),
        ("2026-03-02T09:00", "yesterday", "3: a time or a validity cannot be read"),
        ("subject,", "patient,", "1: no column 'subject'"),
    ],
)
def test_a_line_that_cannot_be_read(folder: Path, old: str, new: str, reason: str) -> None:
    path = folder / "mine.csv"
    path.write_text(CSV.replace(old, new, 1), "utf-8")
    with pytest.raises(WrongInput, match=reason):
        compare(folder)


def test_the_burden_of_both_packs(folder: Path) -> None:
    (told,) = compare(folder)
    assert (told.people, told.patient_days, told.readings) == (2, 3, 4)
    # The cuff's two pressures are one reading and one naive alert; for us both are no alert.
    assert (told.naive, told.alerts, told.tasks, told.urgent) == (3, 2, 2, 2)
    assert told.events == {"hypo": (2, 1, 1)}
    assert "| mine | 2 | 3 | 4 | 3 |" in page([told], ["default"])


def test_the_naive_pack_is_never_loaded() -> None:
    assert NAIVE.parent != DEFAULT.parent
    assert "naive_systolic_high" not in rules("list").stdout
