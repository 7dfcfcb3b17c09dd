"""`hearthline-sim series` writes files that back-tests read."""

import csv
from pathlib import Path

from typer.testing import CliRunner

from simulators.cli import app


def test_virtual_patients_as_series(tmp_path: Path) -> None:
    words = ["series", str(tmp_path), "--only-virtual", "--virtual", "1", "--days", "3"]
    assert CliRunner().invoke(app, words).exit_code == 0
    written = {path.name for path in tmp_path.glob("*.csv")}
    assert {"virtual-healthy.csv", "virtual-copd.csv"} <= written
    assert written == {path.name for path in (tmp_path / "events").glob("*.csv")}
    rows = list(csv.DictReader((tmp_path / "virtual-diabetes.csv").read_text().splitlines()))
    assert {row["subject"] for row in rows} == {"diabetes-000"}
    assert {"glucose", "systolic", "weight"} <= {row["name"] for row in rows}


def test_nothing_to_write_is_said(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["series", str(tmp_path), "--only-virtual"]).exit_code == 2
