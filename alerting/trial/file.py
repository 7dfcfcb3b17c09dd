"""The form of a file of rule tests; its JSON Schema is made from this."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from alerting.bands import SYMPTOMS
from alerting.lines import Document, NotYaml, read
from alerting.model import Severity
from alerting.trial.notation import Moment, Span, points
from device_profiles.codes import TERMS
from device_profiles.reading import Frozen, Validity

SCHEMA: Final = Path(__file__).parent / "rule-tests.schema.json"
START: Final = "2026-11-18T12:00:00+00:00"
_KNOWN: Final = frozenset({*(term.name for term in TERMS.values()), SYMPTOMS})


class TrialBroken(Exception):
    """A file cannot be used; the text is one line a fault, each with file, line and reason."""


def _word(value: Any) -> Any:
    """YAML reads 180 as a number: here it is a word."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Word = Annotated[str, BeforeValidator(_word), WithJsonSchema({"type": ["string", "number"]})]


class Timed(Frozen):
    """One reading at its own time after the start; the hub had it `received_after` that."""

    at: Span
    value: Annotated[Word, Field(pattern=r"^(HI|LO|-?\d+(\.\d+)?)$")]
    validity: Validity = Validity.VALID
    flags: tuple[str, ...] = ()
    received_after: Span | None = None


class Given(Frozen):
    """What one device measures: `values` at an interval, or `readings` with their own times."""

    component: str
    unit: str
    values: Word | None = None
    readings: tuple[Timed, ...] = ()
    interval: Span | None = None
    first: Span | None = None
    flags: tuple[str, ...] = ()
    received_after: Span | None = None

    @field_validator("component")
    @classmethod
    def _measured(cls, name: str) -> str:
        if name not in _KNOWN:
            raise ValueError(f"no device measures {name!r}")
        return name

    @field_validator("values")
    @classmethod
    def _readable(cls, text: str | None) -> str | None:
        if text is not None:
            points(text)
        return text

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.values is None) == (not self.readings):
            raise ValueError("a series has either `values` or `readings`")
        return self


class Expected(Frozen):
    """An alert: what opened it and when, as time after the start; the rest is checked if given.

    `severity` is its worst, `now` the one at the end; `closed` is when, or false where it goes on.
    """

    rule: str
    at: Span
    severity: Severity
    now: Severity | None = None
    closed: Span | Literal[False] | None = None
    readings: Annotated[int, Field(ge=1)] | None = None
    sentence: str | None = None

    @field_validator("sentence")
    @classmethod
    def _pattern(cls, text: str | None) -> str | None:
        try:
            re.compile(text or "")
        except re.error as error:
            raise ValueError(f"this is no pattern: {error}") from None
        return text


class Trial(Frozen):
    """One test: what is measured, and all the alerts that open. `rules` are those looked at."""

    name: Annotated[str, Field(min_length=3)]
    start: Moment = Field(default=START, validate_default=True)
    interval: Span | None = None
    rules: tuple[str, ...] | None = None
    series: Annotated[tuple[Given, ...], Field(min_length=1)]
    alerts: tuple[Expected, ...]


class Trials(Frozen):
    """A file of tests for the rules of one pack; its path is relative to this file."""

    pack: str
    interval: Span = Field(default="1h", validate_default=True)
    zone: str = "UTC"
    tests: Annotated[tuple[Trial, ...], Field(min_length=1)]


def load(path: Path) -> tuple[Trials, Document]:
    """Read a file of tests. Raises TrialBroken."""
    try:
        document = read(path)
    except NotYaml as error:
        raise TrialBroken(f"{path}:{error.line or 1}: {error}") from None
    try:
        return Trials.model_validate(document.content), document
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        told = dict.fromkeys(_said(path, document, fault) for fault in faults)
        raise TrialBroken("\n".join(told)) from None


def _said(path: Path, document: Document, fault: Any) -> str:
    where = [step for step in fault["loc"] if not str(step).startswith(("function", "literal"))]
    field = ".".join(map(str, where))
    reason = fault["msg"].removeprefix("Value error, ")
    return f"{path}:{document.line(where)}: {field}: {reason}".replace(": : ", ": ")


def schema_text() -> str:
    """Return the JSON Schema of test files as text."""
    schema = Trials.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Tests of Hearthline rules"
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def decimal(word: str) -> Decimal | None:
    """Return the number of a word, None for HI and LO."""
    return None if word in ("HI", "LO") else Decimal(word)
