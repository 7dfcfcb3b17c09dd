"""A pytest plugin: scenarios as tests of a clinic's own project, on the real programs.

    def test_low_oxygen(hearthline_ward):
        hearthline_ward.check("scenarios/low-oxygen.yaml")

It comes with `pip install hearthline[gateway,edge,sim]`; nothing is started before the fixture is
asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from simulators.scenarios.runner import Runner
    from simulators.scenarios.running import Result


class HearthlineWard:
    """A running gateway, and homes for as long as a scenario lasts."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def run(self, scenario: str | Path, speed: float = 1.0) -> Result:
        """Run a scenario, given as a file or as YAML text, and return what became of it.

        Raises ScenarioBroken, with the line, where it cannot be used.
        """
        from simulators.scenarios.loading import load, loads

        is_text = isinstance(scenario, str) and "\n" in scenario
        loaded = loads(str(scenario)) if is_text else load(Path(scenario))
        return self._runner.run(loaded, datetime.now(UTC).replace(microsecond=0), speed)

    def check(self, scenario: str | Path, speed: float = 1.0) -> Result:
        """Run a scenario; the test fails, and says what was seen, where it is not as expected."""
        from simulators.scenarios.reporting import complaints

        result = self.run(scenario, speed)
        if not result.ok:
            pytest.fail("\n".join(complaints(result)), pytrace=False)
        return result


@pytest.fixture(scope="session")
def hearthline_ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HearthlineWard]:
    """Give a gateway with an empty database, started once for all tests that use it."""
    from simulators.scenarios.runner import runner

    with runner(tmp_path_factory.mktemp("hearthline")) as ready:
        yield HearthlineWard(ready)
