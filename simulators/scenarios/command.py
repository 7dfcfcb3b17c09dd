"""`hearthline-sim run`: reads files, runs them, tells what became of them."""

import json
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from simulators.scenarios.loading import SHIPPED, Loaded, ScenarioBroken, find, load
from simulators.scenarios.reporting import as_dict, junit, lines
from simulators.scenarios.runner import runner
from simulators.scenarios.running import Result

FINE, FAILED, BROKEN = 0, 1, 2


def run_files(
    paths: list[Path],
    shipped: bool,
    speed: float,
    jobs: int,
    junit_file: Path | None,
    at: datetime | None,
    keep: Path | None,
    as_json: bool,
) -> int:
    """Run scenarios and return the exit code."""
    said = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        scenarios = _load([SHIPPED, *paths] if shipped else paths)
    except ScenarioBroken as error:
        said.print(str(error), markup=False)
        return BROKEN
    anchor = (at.replace(tzinfo=UTC) if at else datetime.now(UTC)).replace(microsecond=0)
    results = _run(scenarios, anchor, speed, jobs, keep, said)
    if junit_file is not None:
        junit_file.write_bytes(junit(results, speed))
    if as_json:
        print(json.dumps([as_dict(result) for result in results], indent=1))
    failed = sum(not result.ok for result in results)
    said.print(f"{len(results) - failed} as expected, {failed} not; started at {anchor:%FT%T}Z")
    return FAILED if failed else FINE


def _load(paths: list[Path]) -> list[Loaded]:
    """Load all, or say everything that is wrong with any."""
    loaded, broken = [], []
    for path in find(paths):
        try:
            loaded.append(load(path))
        except ScenarioBroken as error:
            broken.append(str(error))
    if broken:
        raise ScenarioBroken("\n".join(broken))
    if not loaded:
        raise ScenarioBroken("No scenario: name files or folders, or say --shipped.")
    return loaded


def _run(
    scenarios: list[Loaded],
    anchor: datetime,
    speed: float,
    jobs: int,
    keep: Path | None,
    said: Console,
) -> list[Result]:
    columns = (SpinnerColumn(), TextColumn("scenarios"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=said, transient=True) as progress:
        bar = progress.add_task("", total=len(scenarios))

        def tell(result: Result) -> None:
            progress.advance(bar)
            for line in lines(result):
                said.print(line, markup=False)

        with runner(keep) as ready:
            return ready.run_all(scenarios, anchor, speed, jobs, tell)
