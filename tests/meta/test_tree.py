"""The tree keeps its promises: short files, ordered migrations, nothing taken from outside."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("device_profiles", "edge_agent", "alerting", "gateway", "simulators")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
MIGRATIONS = sorted((ROOT / "gateway/storage/migrations").iterdir())


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_one_idea(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 350


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_code_names_nothing_of_its_makers_desk(path: Path) -> None:
    assert not re.search(r"shared/(?!data)|clinical\.md|trust\.md|ble\.md", path.read_text())


def test_migrations_are_numbered_sql_that_says_what_it_is_for() -> None:
    for number, path in enumerate(MIGRATIONS, start=1):
        assert re.fullmatch(rf"{number:04}_[a-z_]+\.sql", path.name)
        assert path.read_text().startswith(f"-- {path.name}: ")


def test_there_is_no_data_and_no_binary_in_the_repository() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\0")
    if not any(tracked):
        pytest.skip("not a git checkout")
    allowed = {"", ".py", ".md", ".sql", ".toml", ".lock", ".yaml", ".yml", ".json", ".jsonl"}
    allowed |= {".html", ".css", ".js", ".service", ".timer", ".conf", ".po", ".png", ".svg"}
    allowed |= {".typed", ".txt"}
    assert [name for name in tracked if Path(name).suffix not in allowed] == []


def test_the_two_commands_of_the_readme_are_in_the_makefile() -> None:
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    for command in ("demo", "test"):
        assert f"make {command}" in readme
        assert re.search(rf"^{command}:", makefile, re.MULTILINE)
