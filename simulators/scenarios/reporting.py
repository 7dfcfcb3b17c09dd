"""What a run of scenarios says: lines for people, JSON for programs, JUnit for CI."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from junitparser import Failure as Failed
from junitparser import JUnitXml, TestCase, TestSuite

from simulators.scenarios.running import Result


def lines(result: Result) -> list[str]:
    """Return what a person reads of one scenario."""
    name = f"{result.loaded.path.name}: {result.loaded.scenario.scenario}"
    if result.ok:
        counts = f"{result.taken} taken, {result.stored} stored, {result.lasted_s:.1f} s"
        return [f"ok      {name}  ({counts})"]
    return [f"FAILED  {name}", *(f"        {text}" for text in complaints(result))]


def complaints(result: Result) -> list[str]:
    """Return a line for each expectation that does not hold."""
    return [
        f"{_place(result.loaded.path, one.line)}: expected {one.wanted}; saw {one.seen}"
        for one in result.failures
    ]


def as_dict(result: Result) -> dict[str, Any]:
    """Return one result for JSON."""
    return {
        "file": str(result.loaded.path),
        "scenario": result.loaded.scenario.scenario,
        "seed": result.loaded.scenario.seed,
        "ok": result.ok,
        "taken": result.taken,
        "stored": result.stored,
        "lasted_s": round(result.lasted_s, 1),
        "failures": complaints(result),
    }


def junit(results: Sequence[Result], speed: float) -> bytes:
    """Return a JUnit file. Its times are those of the scenarios, so that equal runs are equal."""
    suite = TestSuite("hearthline-sim run")
    for result in results:
        suite.add_property(f"seed of {result.loaded.path.stem}", str(result.loaded.scenario.seed))
    for result in results:
        suite.add_testcase(_case(result, speed))
    suite.update_statistics()  # type: ignore[no-untyped-call]
    xml = JUnitXml("hearthline")
    xml.add_testsuite(suite)
    octets: bytes = xml.tostring()  # type: ignore[no-untyped-call]
    return octets


def _case(result: Result, speed: float) -> TestCase:
    scenario = result.loaded.scenario
    lasts_s = round(scenario.ends.total_seconds() / speed, 3)
    case = TestCase(scenario.scenario, result.loaded.path.stem, lasts_s)
    case.result = [
        Failed(f"expected {one.wanted}; saw {one.seen}", "expectation") for one in result.failures
    ]
    return case


def _place(path: Path, line: int) -> str:
    return f"{path.name}:{line}" if line else path.name
