"""Reads scenario files; what is wrong in one is said with its line."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from simulators.scenarios.file import Scenario
from simulators.scenarios.planning import PlanBroken, plans

SHIPPED: Final = Path(__file__).parent / "shipped"


class ScenarioBroken(Exception):
    """A file cannot be used; the text is one line a fault, each with file, line and reason."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A checked file. `lines` has the line of each entry of `expect`."""

    path: Path
    scenario: Scenario
    lines: tuple[int, ...]


def load(path: Path) -> Loaded:
    """Read one file. Raises ScenarioBroken."""
    document = _read(path)
    return _checked(path, document)


def loads(text: str, name: str = "scenario") -> Loaded:
    """Read a scenario that is no file. Raises ScenarioBroken."""
    path = Path(f"{name}.yaml")
    return _checked(path, _parsed(path, text))


def _checked(path: Path, document: Any) -> Loaded:
    try:
        scenario = Scenario.model_validate(document)
        plans(scenario)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        told = dict.fromkeys(_said(path, document, fault["loc"], fault["msg"]) for fault in faults)
        raise ScenarioBroken("\n".join(told)) from None
    except PlanBroken as error:
        raise ScenarioBroken(_said(path, document, error.where, str(error))) from None
    lines = [_line(document, ("expect", number)) for number in range(len(scenario.expect))]
    return Loaded(path, scenario, tuple(lines))


def find(paths: Sequence[Path]) -> list[Path]:
    """Return the files, and all of each folder, in the order of their names."""
    found: list[Path] = []
    for path in paths:
        found += sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    return found


def _read(path: Path) -> Any:
    try:
        return _parsed(path, path.read_text("utf-8"))
    except OSError as error:
        raise ScenarioBroken(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ScenarioBroken(f"{path}: this is not UTF-8 text") from None


def _parsed(path: Path, text: str) -> Any:
    try:
        document = YAML().load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScenarioBroken(f"{path}:{line}: {error.problem}") from None
    except YAMLError as error:
        raise ScenarioBroken(f"{path}: this is not YAML ({type(error).__name__})") from None
    if not isinstance(document, dict):
        raise ScenarioBroken(f"{path}:1: a scenario begins with `scenario: its name`")
    return document


def _said(path: Path, document: Any, where: Sequence[str | int], text: str) -> str:
    line, known = _line(document, where), _known(document, where)
    field = ".".join(str(step) for step in known)
    reason = text.removeprefix("Value error, ")
    return f"{path}:{line}: {field}: {reason}" if field else f"{path}:{line}: {reason}"


def _known(document: Any, where: Sequence[str | int]) -> tuple[str | int, ...]:
    """Leave out of a place what only the checker has: alternatives, named in parentheses."""
    known: list[str | int] = []
    for step in where:
        if _has(document, step):
            document = document[step]
            known.append(step)
        elif step is where[-1] and not str(step).startswith("("):
            known.append(step)
    return tuple(known)


def _line(document: Any, where: Sequence[str | int]) -> int:
    """Return the line of a place, or of the nearest around it that is there, from 1."""
    line = 0
    for step in where:
        if not _has(document, step):
            continue
        lines = document.lc
        at = lines.item(step) if isinstance(step, int) else lines.key(step)
        line, document = at[0], document[step]
    return int(line) + 1


def _has(document: Any, step: str | int) -> bool:
    there = isinstance(document, list) and isinstance(step, int) and step < len(document)
    return there or (isinstance(document, dict) and step in document)
