"""Every word for a device's problem comes with what a person can do."""

from pathlib import Path
from uuid import UUID

import pytest

from device_profiles.problems import ADVICE, DeviceProblem
from device_profiles.reading import DeviceTime
from device_profiles.timeline import ClockCheck
from edge_agent.core.problems import DRIFT_S, clock_problem
from edge_agent.radio.bonds import Bonds
from tests.fixtures.hub import ALWAYS

CHECK = ClockCheck(
    hub_time=ALWAYS[0],
    device_time=DeviceTime(year=0, month=0, day=0, hour=1, minute=2, second=3),
)


@pytest.mark.parametrize("problem", DeviceProblem)
def test_every_problem_has_advice(problem: DeviceProblem) -> None:
    assert ADVICE[problem].endswith(".")


@pytest.mark.parametrize(
    ("check", "error_s", "was_set", "word"),
    [
        (None, None, False, None),
        (CHECK, None, False, DeviceProblem.CLOCK_UNSET),
        (CHECK, None, True, None),
        (CHECK, DRIFT_S + 1, False, DeviceProblem.CLOCK_WRONG),
        (CHECK, -DRIFT_S - 1, False, DeviceProblem.CLOCK_WRONG),
        (CHECK, DRIFT_S - 1, False, None),
        (CHECK, DRIFT_S + 1, True, None),
    ],
)
def test_a_clock_is_a_problem_only_where_the_hub_cannot_set_it(
    check: ClockCheck | None, error_s: float | None, was_set: bool, word: str | None
) -> None:
    assert clock_problem(check, error_s, was_set=was_set) == word


def test_bonds_are_remembered(tmp_path: Path) -> None:
    path = tmp_path / "bonds"
    Bonds(path).note(UUID(int=1))
    assert UUID(int=1) in Bonds(path)
    assert UUID(int=2) not in Bonds(path)
    path.write_text("spoilt")
    assert UUID(int=1) not in Bonds(path)
