"""Series files: measurements as CSV, of recordings or virtual patients, made by hearthline-sim."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final
from uuid import UUID, uuid5

from pydantic import ValidationError

from alerting.model import Observation
from device_profiles.reading import Absent, Validity
from gateway.errors import WrongInput

COLUMNS: Final = ("subject", "at", "kind", "name", "value", "unit")
"""The columns that a file must have, as `hearthline-sim patient --csv` writes them.

`validity`, `received_at` and `flags` may be there too. Times without a zone are taken as UTC.
Values of one subject, kind and moment are one reading.
"""

_READINGS: Final = UUID("b8f5a2d4-3f0e-4f6b-9a57-0c1f2f6f9d11")
# Where a file does not say when the hub had it: at once.
_AT_ONCE: Final = timedelta(seconds=5)
_ABSENT: Final = {"HI": Absent.ABOVE_RANGE, "LO": Absent.BELOW_RANGE}


def read_files(path: Path, limit: int | None = None) -> Mapping[str, list[Observation]]:
    """Return the observations of each patient, of one CSV file or of all in a folder.

    Raises WrongInput with file and line.
    """
    paths = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    if not paths:
        raise WrongInput(f"No series (*.csv) in {path}; `hearthline-sim series` makes some.")
    people: dict[str, list[Observation]] = defaultdict(list)
    for each in paths:
        for patient, observation in _read(each):
            if patient in people or limit is None or len(people) < limit:
                people[patient].append(observation)
    return people


def _read(path: Path) -> Iterator[tuple[str, Observation]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise WrongInput(f"{path}:1: no column {missing[0]!r}.")
            for row in reader:
                yield row["subject"], _checked(path, reader.line_num, row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise WrongInput(
            f"{path}: {getattr(error, 'strerror', None) or 'is no CSV file'}."
        ) from None


def _checked(path: Path, line: int, row: Mapping[str, str]) -> Observation:
    try:
        return _observation(row)
    except InvalidOperation:
        reason = "the value is no number, HI or LO"
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except (ValueError, TypeError, AttributeError):
        reason = "a time or a validity cannot be read, or a field is missing"
    raise WrongInput(f"{path}:{line}: {reason}.")


def _observation(row: Mapping[str, str]) -> Observation:
    at, value = _moment(row["at"]), row["value"].strip()
    received = _moment(row["received_at"]) if row.get("received_at") else at + _AT_ONCE
    return Observation(
        reading_id=uuid5(_READINGS, f"{row['subject']}/{row['at']}/{row['kind']}"),
        measured_at=at,
        received_at=received,
        stored_at=received,
        component=row["name"],
        unit=row["unit"],
        validity=Validity(row.get("validity") or "valid"),
        number=None if value in _ABSENT else Decimal(value),
        absent=_ABSENT.get(value),
        flags=frozenset((row.get("flags") or "").split()),
    )


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
