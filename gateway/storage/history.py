"""Stored history for back-tests, read set-wise: rows of one width go straight into columns.

PostgreSQL scales the numbers. What does not fit into millionths is read once more, as it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from alerting.backtest.compare import Past
from alerting.backtest.series import Series
from alerting.columns import HI, LO, OTHER, Columns, micros
from alerting.model import TAKES_PART, Direction, Observation, Rule
from device_profiles.codes import TERMS
from gateway.storage.database import Connection

# In COPY's binary format a header of 19 octets comes first, each field after its length, and a
# row after the number of its fields.
_HEADER: Final = 19
_END: Final = 2
_FIELDS: Final = (
    ("patient", ">i4"),
    ("reading", "V16"),
    ("at", ">i8"),
    ("delay", ">i8"),
    ("number", ">i8"),
    ("codes", ">i8"),
    ("offset", ">i4"),
)
_ROW: Final = np.dtype(
    [
        ("fields", ">i2"),
        *(f for name, kind in _FIELDS for f in ((f"{name}_length", ">i4"), (name, kind))),
    ]
)
# The codes' bits: absent 0-1, questionable 2, does not fit 3, has flags 4, unit 8-23, ordinal 24-.
_UNFIT, _FLAGGED = 8, 16

PATIENTS: Final = """
SELECT p.id FROM patient p WHERE (%(organisation)s::uuid IS NULL
    OR p.organisation_id = %(organisation)s) AND NOT p.synthetic AND EXISTS (
    SELECT FROM reading r WHERE r.patient_id = p.id AND r.organisation_id = p.organisation_id
    AND r.measured_at >= %(begin)s AND r.measured_at < %(end)s)
ORDER BY md5(p.id::text) LIMIT %(limit)s"""

_FROM: Final = """
FROM unnest(%(patients)s::uuid[]) WITH ORDINALITY AS who(id, n)
JOIN patient p ON p.id = who.id
JOIN reading_value v ON v.patient_id = p.id AND v.name = %(name)s
    AND v.measured_at >= %(first)s AND v.measured_at < %(end)s
JOIN reading r ON r.id = v.reading_id AND r.measured_at = v.measured_at
    AND r.measured_at >= %(first)s AND r.measured_at < %(end)s
WHERE v.validity = ANY(%(validities)s)"""

COLUMNS: Final = f"""
COPY (SELECT (who.n - 1)::int, v.reading_id,
    (extract(epoch FROM v.measured_at) * 1000000)::bigint,
    (extract(epoch FROM r.received_at - v.measured_at) * 1000000)::bigint,
    CASE WHEN abs(v.number) < 1e9 THEN trunc(v.number * 1000000)::bigint ELSE 0 END,
    (CASE WHEN v.number IS NOT NULL THEN 0 WHEN v.absent = 'HI' THEN {HI}
        WHEN v.absent = 'LO' THEN {LO} ELSE {OTHER} END
    | CASE WHEN v.validity = 'questionable' THEN 4 ELSE 0 END
    | CASE WHEN v.number IS NULL OR (abs(v.number) < 1e9 AND v.number = round(v.number, 6))
        THEN 0 ELSE {_UNFIT} END
    | CASE WHEN cardinality(r.flags) > 0 THEN {_FLAGGED} ELSE 0 END
    | (coalesce(array_position(%(units)s::text[], v.unit), 0) << 8))::bigint
    | (v.ordinal::bigint << 24),
    (extract(epoch FROM v.measured_at AT TIME ZONE p.timezone)
        - extract(epoch FROM v.measured_at AT TIME ZONE 'UTC'))::int
{_FROM}) TO STDOUT (FORMAT BINARY)"""  # noqa: S608 - constants only

FLAGS: Final = f"""
SELECT v.reading_id, r.flags {_FROM} AND cardinality(r.flags) > 0"""

APART: Final = f"""
SELECT who.n - 1 AS n, p.timezone, v.reading_id, v.measured_at, r.received_at, r.stored_at,
    v.name AS component, v.unit, v.validity, v.number, v.absent, v.ordinal, r.flags
{_FROM}"""

# A task may have taken in several alerts: it tells of the time from the first to the last.
PAST: Final = """
SELECT t.patient_id, t.rule_key, t.direction,
    (t.disposition ->> 'actionable')::boolean AS actionable,
    least(t.created_at, min(a.since)) AS since,
    CASE WHEN bool_and(a.until IS NOT NULL) THEN max(a.until) END AS until
FROM task t LEFT JOIN alert a
    ON a.patient_id = t.patient_id AND (a.task_id = t.id OR a.id = t.alert_id)
WHERE t.status = 'completed' AND t.rule_key IS NOT NULL AND t.direction IS NOT NULL
  AND t.patient_id = ANY(%(patients)s) AND t.created_at >= %(begin)s AND t.created_at < %(end)s
GROUP BY t.id"""


def read_history(
    connection: Connection,
    rules: Iterable[Rule],
    begin: datetime,
    end: datetime,
    *,
    limit: int | None = None,
    organisation: UUID | None = None,
) -> Series:
    """Read what rules judge between two moments, and what they look back on.

    With a limit, of so many patients that measured then: the same ones each time.
    """
    rules = tuple(rules)
    asked: dict[str, Any] = {"begin": begin, "end": end, "limit": limit}
    rows = connection.execute(PATIENTS, asked | {"organisation": organisation})
    patients = [row["id"] for row in rows]
    first = begin - max((rule.looks_back for rule in rules), default=end - end)
    asked |= {"first": first, "patients": patients, "validities": sorted(TAKES_PART)}
    components: dict[str, Columns] = {}
    apart: dict[tuple[str, int], Sequence[Observation]] = {}
    for name in sorted({name for rule in rules for name in rule.components}):
        columns, unfit = _read(connection, asked | {"name": name}, _units(rules))
        for number in sorted(unfit):
            apart[name, number] = _apart(connection, asked | {"name": name}, patients, number)
        components[name] = columns
    return Series(tuple(map(str, patients)), micros(begin), micros(end), components, apart)


def _units(rules: Iterable[Rule]) -> list[str]:
    """Return every unit that anybody may send or a rule may name."""
    sent = {unit for term in TERMS.values() for unit in term.loinc}
    named = {unit for rule in rules for unit in getattr(rule, "units", ())}
    return sorted(sent | named)


def _read(
    connection: Connection, asked: dict[str, Any], units: list[str]
) -> tuple[Columns, set[int]]:
    with connection.cursor().copy(COLUMNS, asked | {"units": units}) as copy:
        octets = b"".join(copy)
    rows = np.frombuffer(octets, _ROW, (len(octets) - _HEADER - _END) // _ROW.itemsize, _HEADER)
    codes, count = rows["codes"].astype(np.int64), len(rows)
    halves = np.frombuffer(rows["reading"].tobytes(), ">u8").reshape(count, 2)
    columns = Columns(
        patient=rows["patient"].astype(np.int32),
        at=rows["at"].astype(np.int64),
        high=halves[:, 0].astype(np.uint64),
        low=halves[:, 1].astype(np.uint64),
        ordinal=(codes >> 24).astype(np.int16),
        delay=rows["delay"].astype(np.int64),
        unit=((codes >> 8) & 0xFFFF).astype(np.int8),
        number=rows["number"].astype(np.int64),
        absent=(codes & 3).astype(np.int8),
        questionable=(codes & 4) > 0,
        flags=np.zeros(count, np.int16),
        offset=rows["offset"].astype(np.int32),
        units=("", *units),
    )
    if np.any(codes & _FLAGGED):
        columns = _flagged(connection, asked, columns, np.flatnonzero(codes & _FLAGGED))
    unfit = {int(patient) for patient in np.unique(columns.patient[(codes & _UNFIT) > 0])}
    kept = ~np.isin(columns.patient, list(unfit)) if unfit else slice(None)
    return columns.chosen(kept).in_order(), unfit


def _flagged(connection: Connection, asked: dict[str, Any], columns: Columns, rows: Any) -> Columns:
    flags = {row["reading_id"]: frozenset(row["flags"]) for row in connection.execute(FLAGS, asked)}
    sets = tuple(dict.fromkeys([frozenset[str](), *flags.values()]))
    told = columns.flags.copy()
    for row in rows:
        told[row] = sets.index(flags.get(columns.reading(row), frozenset()))
    return replace(columns, flags=told, flag_sets=sets)


def _apart(
    connection: Connection, asked: dict[str, Any], patients: Sequence[UUID], number: int
) -> tuple[Observation, ...]:
    rows = connection.execute(APART, asked | {"patients": [patients[number]]})
    return tuple(_observation(row) for row in rows)


def _observation(row: dict[str, Any]) -> Observation:
    zone = ZoneInfo(row.pop("timezone"))
    row.pop("n")
    offset = row["measured_at"].astimezone(zone).utcoffset()
    return Observation(**row, utc_offset=offset)


def past_tasks(
    connection: Connection, patients: Iterable[str], begin: datetime, end: datetime
) -> tuple[Past, ...]:
    """Return the tasks of these patients that people completed, and whether they were right."""
    asked = {"patients": [UUID(each) for each in patients], "begin": begin, "end": end}
    return tuple(
        Past(
            patient=str(row["patient_id"]),
            rule=row["rule_key"],
            direction=Direction(row["direction"]),
            since=micros(row["since"]),
            until=micros(row["until"]) if row["until"] else None,
            actionable=bool(row["actionable"]),
        )
        for row in connection.execute(PAST, asked)
    )
