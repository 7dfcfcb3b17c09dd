"""Patients from a CSV file: every problem by line and column; all of them are imported, or none."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from typing import Final
from uuid import UUID

from alerting.words import Said, template
from gateway.care.register import check, write
from gateway.care.registration import NotRegistered, Registration, read_registration
from gateway.errors import WrongInput
from gateway.storage import care_teams
from gateway.storage.consents import By
from gateway.storage.database import Connection

COLUMNS: Final = tuple(Registration.model_fields)
NEEDED: Final = ("given_name", "family_name", "birth_date", "phone")
MOST: Final = 2_000
EXAMPLE: Final = {
    "given_name": "Ada",
    "family_name": "Example",
    "birth_date": "1948-03-31",
    "external_id": "MRN-000001",
    "language": "en",
    "timezone": "America/Chicago",
    "phone": "(312) 555-0142",
    "channel": "telephone",
    "address": "12 Example Street, Apartment 3, Chicago IL 60601. Key box 4711 beside the door.",
    "contact_name": "Grace Example",
    "contact_relation": "child",
    "contact_phone": "+1 312 555 0177",
    "consent_on": "2026-11-20",
    "consent_how": "verbal",
}

NO_TEXT: Final = template("The file is not text in UTF-8. Save it as “CSV UTF-8”.")
NO_CSV: Final = template("The file is not whole: a quotation mark is open, or a field is too long.")
NO_LINES: Final = template("The file has no patients: the first line names the columns.")
TOO_MANY: Final = template("The file has more than {most} patients; divide it.")
UNKNOWN_COLUMN: Final = template("No column has this name; the template has those that there are.")
TWICE: Final = template("This column is there twice.")
NO_COLUMN: Final = template("This column is missing.")
TOO_WIDE: Final = template("This line has more fields than the first line.")
SAME_AS_LINE: Final = template("This is the same patient as in line {line}.")
SAME_ID_AS_LINE: Final = template("Line {line} has this number too.")


@dataclass(frozen=True, slots=True)
class LineProblem:
    """What is wrong, and where. Line 1 names the columns; no column: the line as a whole."""

    line: int
    column: str
    said: Said


@dataclass(frozen=True, slots=True)
class Line:
    """A patient of the file."""

    number: int
    typed: Registration


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do: nothing, where there is a problem."""

    lines: tuple[Line, ...]
    problems: tuple[LineProblem, ...]
    read: int
    """How many patients the file has, with those that cannot be read."""

    @property
    def fits(self) -> bool:
        """Say whether it can be done."""
        return not self.problems and bool(self.lines)


class NotImported(WrongInput):
    """The file has problems, so nothing was imported."""


def plan(
    connection: Connection,
    organisation: UUID,
    octets: bytes,
    today: date,
    defaults: Mapping[str, str],
) -> Plan:
    """Read and check a file; nothing is written. `defaults` fills what is left empty."""
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Plan((), (LineProblem(1, "", Said.of(NO_TEXT)),), 0)
    lines, problems, read = _lines(text, today, defaults)
    problems += _twice(lines)
    found = check(connection, organisation, [line.typed for line in lines])
    problems += [
        LineProblem(lines[n].number, one.field, one.said)
        for n, all_ in found.items()
        for one in all_
    ]
    problems.sort(key=lambda each: (each.line, _place(each.column)))
    return Plan(tuple(lines), tuple(problems), read)


def carry_out(
    connection: Connection, organisation: UUID, planned: Plan, by: By, now: datetime
) -> list[UUID]:
    """Register all of them; return their ids. Raises NotImported."""
    if not planned.fits:
        raise NotImported
    known = care_teams.by_name(connection, organisation)
    return [write(connection, organisation, line.typed, known, by, now) for line in planned.lines]


def template_file() -> str:
    """Return a file with all columns and one patient who does not exist."""
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    writer.writerow(EXAMPLE)
    return text.getvalue()


def _lines(
    text: str, today: date, defaults: Mapping[str, str]
) -> tuple[list[Line], list[LineProblem], int]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    lines: list[Line] = []
    problems: list[LineProblem] = []
    read = 0
    try:
        columns = [column.strip().lower() for column in next(reader, [])]
        problems += _of_columns(columns)
        if problems:
            return [], problems, 0
        for number, fields in _patients(reader):
            read += 1
            if read > MOST:
                return lines, [LineProblem(number, "", Said.of(TOO_MANY, most=str(MOST)))], read
            _line(number, columns, fields, today, defaults, lines, problems)
    except csv.Error:
        problems.append(LineProblem(reader.line_num, "", Said.of(NO_CSV)))
    if not read and not problems:
        problems.append(LineProblem(1, "", Said.of(NO_LINES)))
    return lines, problems, read


def _patients(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Return what is no empty line, with the number of the line on which it begins."""
    begins = reader.line_num + 1  # type: ignore[attr-defined]  # of csv's reader
    for fields in reader:
        if any(field.strip() for field in fields):
            yield begins, fields
        begins = reader.line_num + 1  # type: ignore[attr-defined]


def _line(
    number: int,
    columns: Sequence[str],
    fields: Sequence[str],
    today: date,
    defaults: Mapping[str, str],
    lines: list[Line],
    problems: list[LineProblem],
) -> None:
    if len(fields) > len(columns):
        problems.append(LineProblem(number, "", Said.of(TOO_WIDE)))
        return
    told = {name: text for name, text in zip(columns, fields, strict=False) if text.strip()}
    try:
        lines.append(Line(number, read_registration({**defaults, **told}, today)))
    except NotRegistered as error:
        problems += [LineProblem(number, one.field, one.said) for one in error.problems]


def _of_columns(columns: Sequence[str]) -> list[LineProblem]:
    if not any(columns):
        return [LineProblem(1, "", Said.of(NO_LINES))]
    said = [(name, UNKNOWN_COLUMN) for name in dict.fromkeys(columns) if name not in COLUMNS]
    said += [(name, TWICE) for name in dict.fromkeys(columns) if columns.count(name) > 1]
    said += [(name, NO_COLUMN) for name in NEEDED if name not in columns]
    return [LineProblem(1, name, Said.of(words)) for name, words in said]


def _twice(lines: Sequence[Line]) -> list[LineProblem]:
    """Find who is in the file twice."""
    people: dict[tuple[str, str, date], int] = {}
    numbers: dict[str, int] = {}
    found = []
    for line in lines:
        one = line.typed
        who = one.given_name.lower(), one.family_name.lower(), one.birth_date
        first = people.setdefault(who, line.number)
        if first != line.number and not one.another_person:
            said = Said.of(SAME_AS_LINE, line=str(first))
            found.append(LineProblem(line.number, "another_person", said))
        if one.external_id is not None:
            first = numbers.setdefault(one.external_id, line.number)
            if first != line.number:
                said = Said.of(SAME_ID_AS_LINE, line=str(first))
                found.append(LineProblem(line.number, "external_id", said))
    return found


def _delimiter(text: str) -> str:
    """Tell by the names of the columns: where commas are decimal, programs write semicolons."""
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _place(column: str) -> int:
    return COLUMNS.index(column) if column in COLUMNS else -1
