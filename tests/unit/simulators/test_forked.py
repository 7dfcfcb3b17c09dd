"""A command that is forked says and ends as one that is started."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from simulators.forked import Forked, as_it_began
from simulators.programs import script

COMMANDS: tuple[list[str], ...] = (
    ["openapi", "--help"],
    ["rules", "list", "--json"],
    ["nonsense"],
    ["custody", "--since", "2026-01-01"],
)


@pytest.fixture(scope="module")
def forked() -> Iterator[Forked]:
    made = Forked("gateway.cli.forked")
    yield made
    made.close()


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_it_says_and_ends_as_one_that_is_started(forked: Forked, arguments: list[str]) -> None:
    started = subprocess.run(
        [script("hearthline-gateway"), *arguments], capture_output=True, text=True, check=False
    )
    done = forked.run(arguments, os.environ)
    assert done == (started.returncode, started.stdout, started.stderr)


def test_each_has_its_own_environment(forked: Forked) -> None:
    wrong = forked.run(["rules", "list"], {**os.environ, "HEARTHLINE_NONSENSE": "1"})
    assert wrong.code == 2
    assert "HEARTHLINE_NONSENSE" in wrong.errors
    assert forked.run(["rules", "list"], os.environ).code == 0


def test_after_it_was_killed_there_is_another(forked: Forked) -> None:
    assert forked._process is not None
    forked._process.kill()
    forked._process.wait()
    assert forked.run(["openapi", "--help"], os.environ).code == 0


def test_what_only_a_start_obeys_is_started() -> None:
    assert as_it_began(dict(os.environ))
    assert not as_it_began({**os.environ, "LD_PRELOAD": "libfaketime.so.1"})
    assert not as_it_began({**os.environ, "PYTHONOPTIMIZE": "2"})
