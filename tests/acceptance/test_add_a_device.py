"""docs/how-to/add-a-device.md, followed literally, adds a made-up device."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "add-a-device.md"
BLOCK = re.compile(r"^```(\w+)(?: ([^\n]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COPIED = ("device_profiles", "edge_agent", "tests", "docs")
# Other people's runs leave these; they are not part of the package.
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".hypothesis", "acceptance", "integration")


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (what, text) for found, what, text in BLOCK.findall(PAGE.read_text()) if found == language
    ]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the repository that may be changed."""
    for name in COPIED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=LEFT_OUT)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run(command: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    scripts = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": scripts, "PYTHONPATH": str(folder)}
    return subprocess.run(
        ["bash", "-ec", command], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def test_the_page_adds_a_device_in_one_file_and_one_recording(copy: Path) -> None:
    files = blocks("python") + blocks("json")
    assert [what for what, _ in files] == [
        "device_profiles/devices/acme_bp1.py",
        "tests/captures/devices/acme_bp1.jsonl",
    ]
    for what, text in files:
        (copy / what).write_text(text)
    said = []
    for what, commands in blocks("sh"):
        if what != "with-the-device":
            for command in commands.splitlines():
                done = run(command, copy)
                assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
                said.append(done.stdout)
    recording, indication, _, tests = said
    assert "121 mm[Hg]" in recording
    assert "systolic" in indication
    assert " passed" in tests
    assert "acme_bp1" in (copy / "docs" / "devices.md").read_text()


def test_the_made_up_device_is_style_like_ours(copy: Path) -> None:
    ((what, text),) = blocks("python")
    (copy / what).write_text(text)
    done = run(f"ruff check {what} && ruff format --check {what}", copy)
    assert done.returncode == 0, done.stdout


def test_what_is_recorded_wrongly_fails(copy: Path) -> None:
    for what, text in blocks("python") + blocks("json"):
        (copy / what).write_text(text.replace("121 mm[Hg]", "122 mm[Hg]"))
    done = run("python -m pytest -q tests/unit/device_profiles/test_devices.py", copy)
    assert done.returncode == 1
    assert "acme_bp1" in done.stdout


def test_the_command_with_the_device_is_a_real_one() -> None:
    ((_, command),) = [block for block in blocks("sh") if block[0] == "with-the-device"]
    assert command.startswith("hearthline-edge capture ")
    done = run(f"{command.split(' AA')[0]} --help", ROOT)
    assert done.returncode == 0
    assert "--passkey" in done.stdout
