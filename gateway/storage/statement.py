"""The statement of custody of a month: what every hub and patient took, and what became of it."""

from collections import defaultdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from device_profiles.reading import Frozen
from gateway.errors import NotFound
from gateway.storage.custody import Seqs
from gateway.storage.database import Connection

HUBS: Final = """
SELECT h.id, h.name FROM hub h WHERE h.organisation_id = %(organisation)s AND NOT h.synthetic
ORDER BY h.name, h.id"""
ARRIVED: Final = """
SELECT hub_id, disposition, coalesce(reason, '') AS reason, count(*) AS n
FROM envelope WHERE organisation_id = %(organisation)s
  AND received_at >= %(since)s AND received_at < %(until)s
  AND kind <> 'gap' AND disposition <> 'noted'
GROUP BY 1, 2, 3"""
# Never receipted, so not in the ledger: what the hub did not say, or must not be believed.
REFUSED: Final = """
SELECT hub_id, reason, count(*) AS n FROM quarantine
WHERE organisation_id = %(organisation)s AND NOT receipted
  AND received_at >= %(since)s AND received_at < %(until)s
GROUP BY 1, 2"""
MISSING: Final = """
SELECT l.hub_id, l.epoch, lower(m) AS first, upper(m) - 1 AS last, h.noticed_at
FROM ledger l JOIN hole h ON (h.hub_id, h.epoch) = (l.hub_id, l.epoch),
     unnest(l.missing - l.accounted) AS m
WHERE l.organisation_id = %(organisation)s AND h.noticed_at < %(until)s
ORDER BY l.hub_id, l.epoch, m"""
DROPPED: Final = """
SELECT hub_id, epoch, lower(s) AS first, upper(s) - 1 AS last, reason
FROM gap, unnest(seqs) AS s
WHERE organisation_id = %(organisation)s AND told_at >= %(since)s AND told_at < %(until)s
ORDER BY hub_id, epoch, s"""
PATIENTS: Final = """
SELECT p.id, p.name, count(*) FILTER (WHERE e.disposition = 'stored') AS stored,
       count(*) FILTER (WHERE e.disposition = 'duplicate') AS duplicate
FROM envelope e JOIN identity i ON i.reading_id = e.reading_id
JOIN reading r ON r.id = i.reading_id AND r.measured_at = i.measured_at
JOIN patient p ON p.id = r.patient_id
WHERE e.organisation_id = %(organisation)s AND NOT p.synthetic
  AND e.received_at >= %(since)s AND e.received_at < %(until)s
GROUP BY p.id, p.name ORDER BY p.name, p.id"""


class HubAccount(Frozen):
    """One hub in the period. `taken` is what it is known to have taken: all of the others."""

    hub: UUID
    name: str
    stored: int
    duplicate: int
    held: dict[str, int]
    refused: dict[str, int]
    missing: tuple[Seqs, ...]
    dropped: tuple[Seqs, ...]

    @property
    def missing_count(self) -> int:
        """Return how many sequence numbers nobody accounts for."""
        return _count(self.missing)

    @property
    def dropped_count(self) -> int:
        """Return how many the hub itself said that it had to let go."""
        return _count(self.dropped)

    @property
    def taken(self) -> int:
        """Return how many the hub is known to have taken."""
        arrived = self.stored + self.duplicate + sum(self.held.values())
        return arrived + self.missing_count + self.dropped_count


class PatientAccount(Frozen):
    """One patient in the period. What is held or missing is nobody's yet: see the hubs."""

    patient: UUID
    name: str
    stored: int
    duplicate: int


class Statement(Frozen):
    """All hubs and patients of an organisation, `since` included, `until` not."""

    organisation: UUID
    name: str
    since: datetime
    until: datetime
    hubs: tuple[HubAccount, ...]
    patients: tuple[PatientAccount, ...]


def statement(
    connection: Connection, organisation: UUID, since: datetime, until: datetime
) -> Statement:
    """Return the statement of a period. Raises NotFound."""
    row = connection.execute(
        "SELECT name FROM organisation WHERE id = %s", [organisation]
    ).fetchone()
    if row is None:
        raise NotFound(f"No organisation {organisation}.")
    period = {"organisation": organisation, "since": since, "until": until}
    arrived = _by_hub(connection, ARRIVED, period)
    refused = _by_hub(connection, REFUSED, period)
    missing, dropped = (_seqs(connection, query, period) for query in (MISSING, DROPPED))
    hubs = [
        HubAccount(
            hub=hub["id"],
            name=hub["name"],
            stored=_of(arrived[hub["id"]], "stored"),
            duplicate=_of(arrived[hub["id"]], "duplicate"),
            held=_reasons(arrived[hub["id"]]),
            refused={one["reason"]: one["n"] for one in refused[hub["id"]]},
            missing=tuple(missing[hub["id"]]),
            dropped=tuple(dropped[hub["id"]]),
        )
        for hub in connection.execute(HUBS, period).fetchall()
    ]
    patients = [
        PatientAccount(
            patient=one["id"], name=one["name"], stored=one["stored"], duplicate=one["duplicate"]
        )
        for one in connection.execute(PATIENTS, period)
    ]
    return Statement(
        organisation=organisation,
        name=row["name"],
        since=since,
        until=until,
        hubs=tuple(hubs),
        patients=tuple(patients),
    )


Rows = dict[UUID, list[dict[str, Any]]]


def _by_hub(connection: Connection, query: str, period: dict[str, Any]) -> Rows:
    found: Rows = defaultdict(list)
    for row in connection.execute(query, period):
        found[row["hub_id"]].append(row)
    return found


def _seqs(connection: Connection, query: str, period: dict[str, Any]) -> dict[UUID, list[Seqs]]:
    found: dict[UUID, list[Seqs]] = defaultdict(list)
    for row in connection.execute(query, period):
        seqs = Seqs(
            epoch=row["epoch"], first=row["first"], last=row["last"], reason=row.get("reason")
        )
        found[row["hub_id"]].append(seqs)
    return found


def _of(rows: list[dict[str, Any]], disposition: str) -> int:
    return sum(row["n"] for row in rows if row["disposition"] == disposition)


def _reasons(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {row["reason"]: row["n"] for row in rows if row["disposition"] == "quarantined"}


def _count(seqs: tuple[Seqs, ...]) -> int:
    return sum(one.last - one.first + 1 for one in seqs)
