"""The audit as a file for a spreadsheet, which must not take a name for a formula."""

import csv
from collections.abc import Iterable, Mapping
from io import StringIO
from json import dumps
from typing import Final
from uuid import UUID

from gateway.errors import WrongInput
from gateway.storage.audit import AuditRow

MOST: Final = 50_000
HEADER: Final = (
    "no",
    "recorded_at",
    "at",
    "actor_kind",
    "actor_id",
    "actor",
    "roles",
    "action",
    "patient_ids",
    "patients",
    "subject_kind",
    "subject_id",
    "detail",
)
# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection).
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class TooMany(WrongInput):
    """These are more entries than one file takes, 50,000; choose fewer days."""

    code = "too_many"


def as_csv(rows: Iterable[AuditRow], names: Mapping[UUID, str]) -> str:
    """Return the file (RFC 4180)."""
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(HEADER)
    for row in rows:
        told = (
            row.seq,
            row.recorded_at.isoformat(),
            row.at.isoformat(),
            row.actor_kind,
            row.actor_id or "",
            row.actor,
            row.roles,
            row.action,
            " ".join(map(str, row.patients)),
            "; ".join(names.get(patient, "") for patient in row.patients),
            row.subject_kind or "",
            row.subject_id or "",
            dumps(row.detail, ensure_ascii=False),
        )
        writer.writerow([_harmless(str(cell)) for cell in told])
    return file.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
