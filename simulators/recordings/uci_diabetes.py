"""Finger-stick glucose of insulin-treated outpatients: the AIM-94 "Diabetes" data set.

Source: UCI Machine Learning Repository, number 34, doi 10.24432/C5T59G; files data-NN, tab
separated: date, time, code, value. Credit: AIM-94 data set provided by Michael Kahn, MD, PhD,
Washington University, St. Louis, MO. Times of records from paper logs are nominal (08:00, 12:00,
18:00, 22:00).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

from simulators.sample import GLUCOSE, MG_DL, Amount, Fault, Faults, Sample

FOLDER: Final = "uci-diabetes"
CODES: Final = {
    48: "unspecified",
    57: "unspecified",
    58: "before breakfast",
    59: "after breakfast",
    60: "before lunch",
    61: "after lunch",
    62: "before supper",
    63: "after supper",
    64: "before snack",
}
HYPOGLYCAEMIC_SYMPTOMS: Final = 65
NOT_PHYSIOLOGICAL: Final = "a value of 0"

_DATE: Final = re.compile(r"\d{2}-\d{2}-\d{4}", re.ASCII)
_TIME: Final = re.compile(r"\d{1,2}:\d{1,2}", re.ASCII)  # data-29 has "11:0"
_CODE: Final = re.compile(r"\d+", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
# Two meters wrote their out-of-range results into the number's three digits.
_BEYOND: Final[dict[str, Literal["HI", "LO"]]] = {"0Hi": "HI", "0Lo": "LO"}


class Unparseable(Exception):
    """The line is no record; the text says why."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line: what happened when."""

    at: datetime
    code: int
    value: Decimal | Literal["HI", "LO"]


def parse(line: str) -> Record:
    """Return the record of one line. No repair is tried, records over two lines are not joined."""
    fields = [part.strip() for part in line.split("\t")]
    if len(fields) != 4:
        raise Unparseable("not four fields")
    date, time, code, value = fields
    at = _moment(date, time)
    if not _CODE.fullmatch(code):
        raise Unparseable("the code is no integer")
    if value in _BEYOND:
        return Record(at, int(code), _BEYOND[value])
    if not _NUMBER.fullmatch(value):
        raise Unparseable("the value is no number")
    return Record(at, int(code), Decimal(value))


def records(folder: Path) -> Iterator[tuple[str, Record | Fault]]:
    """Return every line of every file, in order: a record, or what is wrong with it."""
    for path in sorted((folder / FOLDER).glob("data-[0-9][0-9]")):
        text = path.read_text("latin-1").removesuffix("\n")
        for number, line in enumerate(text.split("\n"), start=1):
            try:
                yield path.name, parse(line.removesuffix("\r"))
            except Unparseable as error:
                yield path.name, Fault(path.name, number, str(error))


def read(folder: Path, faults: Faults | None = None) -> Iterator[Sample]:
    """Return the glucose values; broken lines go to `faults`."""
    for file, record in records(folder):
        if isinstance(record, Fault):
            if faults is not None:
                faults.found.append(record)
        elif record.code in CODES:
            note = CODES[record.code] if record.value else NOT_PHYSIOLOGICAL
            amount = {"glucose": Amount(record.value, MG_DL)}
            yield Sample(f"uci-{file[-2:]}", GLUCOSE, record.at, amount, note)


def _moment(date: str, time: str) -> datetime:
    if not (_DATE.fullmatch(date) and _TIME.fullmatch(time)):
        raise Unparseable("no date and time")
    month, day, year = date.split("-")
    hour, minute = time.split(":")
    try:
        return datetime(  # noqa: DTZ001 - a meter's wall clock
            int(year), int(month), int(day), int(hour), int(minute)
        )
    except ValueError:
        raise Unparseable("not a real date") from None
