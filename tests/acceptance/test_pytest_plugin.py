"""The pytest plugin in a project of somebody else, as a clinic's CI would use it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = """\
[project]
name = "our-clinic"
version = "1"

[tool.pytest.ini_options]
testpaths = ["checks"]
"""
SCENARIO = """\
scenario: Low oxygen opens an urgent task within five seconds
homes:
  - people: [Test Person]
    devices: [{name: oximeter, kind: oximeter}]
timeline:
  - {at: 0s, device: oximeter, measure: {spo2: 86, pulse: 90}, times: 3, every: 1s}
expect:
  - {task: P1, within: 5s}
"""
TESTS = """\
from pathlib import Path

HERE = Path(__file__).parent


def test_low_oxygen(hearthline_ward):
    result = hearthline_ward.check(HERE / "low-oxygen.yaml")
    assert result.stored == 3


def test_that_is_wrong(hearthline_ward):
    text = (HERE / "low-oxygen.yaml").read_text()
    hearthline_ward.check(text.replace("task: P1, within: 5s", "task: P4, within: 1s"))
"""


@pytest.mark.slow  # make test has twelve minutes
def test_a_clinics_own_project_runs_scenarios_as_tests(tmp_path: Path) -> None:
    checks = tmp_path / "checks"
    checks.mkdir()
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (checks / "low-oxygen.yaml").write_text(SCENARIO)
    (checks / "test_ours.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert (
        "scenario.yaml:8: expected 1 task P4  within 1 s; saw P1 clinical spo2_low" in done.stdout
    )
