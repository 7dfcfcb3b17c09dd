"""What ingest reads and writes: one transaction per batch, set by set, no row at a time.

Rows travel as one JSON array per statement (jsonb_to_recordset), so that a batch costs the same
few round trips whether it has one reading or two hundred.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from psycopg.types.json import Jsonb

from device_profiles.wire.body import Arrival
from device_profiles.wire.keys import Suite
from device_profiles.wire.v1 import MAX_BITMAP, Header
from gateway.core.acceptance import Hub, Taken
from gateway.core.ledger import Span
from gateway.storage.database import Connection

Row = dict[str, Any]
Place = tuple[UUID, int, int]  # hub, epoch, seq


class Life(NamedTuple):
    """One epoch of a hub: what has a row in the ledger, and receipts of its own."""

    organisation: UUID
    hub: UUID
    epoch: int


HUBS: Final = """
SELECT id, organisation_id, state = 'active' AS active, suite, timezone, signing_key
FROM hub WHERE id = ANY(%s) AND signing_key IS NOT NULL"""

KNOWN: Final = """
SELECT e.hub_id, e.epoch, e.seq, e.sha256
FROM jsonb_to_recordset(%s) AS r(hub_id uuid, epoch bigint, seq bigint)
JOIN envelope e USING (hub_id, epoch, seq)"""

# The patient of the moment of measurement, if hub, device and slot then belonged together.
OWNERS: Final = """
SELECT r.n,
       EXISTS (SELECT FROM pairing p WHERE p.device_id = r.device_id AND p.hub_id = r.hub_id
               AND p.valid @> r.measured_at) AS paired,
       (SELECT a.patient_id FROM assignment a WHERE a.device_id = r.device_id
        AND a.valid @> r.measured_at
        AND (a.user_slot IS NULL OR a.user_slot = r.user_slot)) AS patient_id
FROM jsonb_to_recordset(%s)
    AS r(n int, hub_id uuid, device_id uuid, user_slot smallint, measured_at timestamptz)"""

NEW_IDENTITIES: Final = """
INSERT INTO identity (reading_id, organisation_id, measured_at)
SELECT reading_id, organisation_id, measured_at
FROM jsonb_to_recordset(%s) AS r(reading_id uuid, organisation_id uuid, measured_at timestamptz)
ON CONFLICT DO NOTHING RETURNING reading_id"""

MAKE_ROOM: Final = "SELECT series_make_room(%s)"

READINGS: Final = """
INSERT INTO reading (id, organisation_id, patient_id, device_id, hub_id, epoch, seq, kind,
    measured_at, device_time, basis, validity, flags, received_at, decoded_at, body)
SELECT id, organisation_id, patient_id, device_id, hub_id, epoch, seq, kind,
    measured_at, device_time, basis, validity, flags, received_at, decoded_at, body
FROM jsonb_to_recordset(%s) AS r(id uuid, organisation_id uuid, patient_id uuid, device_id uuid,
    hub_id uuid, epoch bigint, seq bigint, kind text, measured_at timestamptz, device_time text,
    basis text, validity text, flags text[], received_at timestamptz, decoded_at timestamptz,
    body jsonb)"""

VALUES: Final = """
INSERT INTO reading_value (reading_id, organisation_id, patient_id, measured_at, ordinal, name,
    mdc, number, unit, absent, validity)
SELECT reading_id, organisation_id, patient_id, measured_at, ordinal, name,
    mdc, number, unit, absent, validity
FROM jsonb_to_recordset(%s) AS r(reading_id uuid, organisation_id uuid, patient_id uuid,
    measured_at timestamptz, ordinal smallint, name text, mdc int, number numeric, unit text,
    absent text, validity text)"""

DUTIES: Final = """
INSERT INTO duty (reading_id, organisation_id, patient_id, measured_at)
SELECT reading_id, organisation_id, patient_id, measured_at
FROM jsonb_to_recordset(%s)
    AS r(reading_id uuid, organisation_id uuid, patient_id uuid, measured_at timestamptz)"""

# A later telling of the same reading may know more: its context came after a crash, say. It must
# agree on patient and numbers; where it changes what the reading may be used for, the reading is
# evaluated anew.
ENRICH: Final = """
WITH richer AS (
    UPDATE reading SET body = r.body, flags = r.flags, validity = r.validity
    FROM jsonb_to_recordset(%s)
        AS r(id uuid, patient_id uuid, body jsonb, flags text[], validity text), identity i
    WHERE i.reading_id = r.id AND reading.id = r.id AND reading.measured_at = i.measured_at
      AND reading.patient_id = r.patient_id AND reading.body->'values' = r.body->'values'
      AND jsonb_array_length(reading.body->'octets') < jsonb_array_length(r.body->'octets')
    RETURNING reading.id, reading.organisation_id, reading.patient_id, reading.measured_at,
        reading.validity
), valued AS (
    UPDATE reading_value v SET validity = richer.validity FROM richer
    WHERE v.reading_id = richer.id AND v.measured_at = richer.measured_at
)
INSERT INTO duty (reading_id, organisation_id, patient_id, measured_at)
SELECT id, organisation_id, patient_id, measured_at FROM richer ON CONFLICT DO NOTHING"""

ENVELOPES: Final = """
INSERT INTO envelope (hub_id, epoch, seq, organisation_id, sha256, kind, disposition, reason,
    reading_id, sealed_at, sent_at, received_at)
SELECT hub_id, epoch, seq, organisation_id, decode(sha256, 'hex'), kind, disposition, reason,
    reading_id, sealed_at, sent_at, received_at
FROM jsonb_to_recordset(%s) AS r(hub_id uuid, epoch bigint, seq bigint, organisation_id uuid,
    sha256 text, kind text, disposition text, reason text, reading_id uuid,
    sealed_at timestamptz, sent_at timestamptz, received_at timestamptz)"""

QUARANTINE: Final = """
INSERT INTO quarantine (organisation_id, hub_id, epoch, seq, topic, envelope, sha256, reason,
    receipted, received_at, device_id, user_slot, measured_at)
VALUES (%(organisation_id)s, %(hub_id)s, %(epoch)s, %(seq)s, %(topic)s, %(envelope)s, %(sha256)s,
    %(reason)s, %(receipted)s, %(received_at)s, %(device_id)s, %(user_slot)s, %(measured_at)s)
ON CONFLICT (sha256, md5(topic)) DO UPDATE SET times_seen = quarantine.times_seen + 1
RETURNING times_seen = 1 AS first"""

SECURITY_EVENT: Final = """
INSERT INTO security_event (organisation_id, hub_id, event, detail) VALUES (%s, %s, %s, %s)"""

STATUS: Final = """
INSERT INTO hub_status AS s (hub_id, organisation_id, epoch, seq, told_at, received_at, body,
    problems, unseen)
VALUES (%(hub)s, %(organisation)s, %(epoch)s, %(seq)s, %(at)s, %(received_at)s, %(body)s,
    %(problems)s, %(problems)s <> '{}'::jsonb)
ON CONFLICT (hub_id) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq,
    told_at = excluded.told_at, received_at = excluded.received_at, body = excluded.body,
    problems = excluded.problems, unseen = s.unseen OR s.problems <> excluded.problems
WHERE (s.epoch, s.seq) < (excluded.epoch, excluded.seq)"""

# What the hub holds no more, and nobody accounts for, is missing.
WRITE_OFF: Final = """
UPDATE ledger SET missing = missing + (int8multirange(int8range(1, %(oldest)s)) - accounted)
WHERE hub_id = %(hub)s AND epoch = %(epoch)s"""

GAP: Final = """
INSERT INTO gap (organisation_id, hub_id, epoch, seqs, reason, told_at)
VALUES (%s, %s, %s, %s::text::int8multirange, %s, %s)"""

# Sorted, so that two processes take the rows of the ledger in one order.
ACCOUNT: Final = """
INSERT INTO ledger AS l (hub_id, epoch, organisation_id, accounted, highest)
SELECT hub_id, epoch, organisation_id, spans::int8multirange, highest
FROM jsonb_to_recordset(%(rows)s)
    AS r(hub_id uuid, epoch bigint, organisation_id uuid, spans text, highest bigint)
ORDER BY hub_id, epoch
ON CONFLICT (hub_id, epoch) DO UPDATE SET accounted = l.accounted + excluded.accounted,
    missing = l.missing - excluded.accounted, highest = greatest(l.highest, excluded.highest)
RETURNING hub_id, epoch, (
    -- No more than a receipt can tell: up to the high water, and its bitmap's reach beyond.
    SELECT array_agg(ARRAY[lower(near), upper(near) - 1] ORDER BY near)
    FROM (SELECT coalesce((SELECT upper(s) FROM unnest(l.accounted + l.missing) AS s
                           WHERE lower(s) <= 1), 1) AS next) AS high,
        unnest((l.accounted + l.missing)
            * int8multirange(int8range(1, high.next + %(reach)s))) AS near) AS spans"""


def load_hubs(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Hub]:
    """Return these hubs as they are now: a revoked one is refused from the next batch on."""
    return {
        row["id"]: Hub(
            id=row["id"],
            organisation=row["organisation_id"],
            active=row["active"],
            suite=Suite(row["suite"]),
            zone=ZoneInfo(row["timezone"]),
            signing_key=Ed25519PublicKey.from_public_bytes(row["signing_key"]),
        )
        for row in connection.execute(HUBS, [list(ids)])
    }


def known_hashes(connection: Connection, headers: Iterable[Header]) -> dict[Place, bytes]:
    """Return the hashes of those places in a hub's sequence that are taken already."""
    rows = [{"hub_id": str(h.hub), "epoch": h.epoch, "seq": h.seq} for h in headers]
    if not rows:
        return {}
    found = connection.execute(KNOWN, [Jsonb(rows)])
    return {(row["hub_id"], row["epoch"], row["seq"]): row["sha256"] for row in found}


@dataclass(frozen=True, slots=True)
class Owner:
    """Whether a hub may speak for a device at a moment, and whose reading it is then."""

    paired: bool
    patient: UUID | None


def owners(connection: Connection, taken: Sequence[tuple[Header, Taken]]) -> list[Owner]:
    """Return the owner of each reading at the time of its measurement."""
    rows = [
        {
            "n": n,
            "hub_id": str(header.hub),
            "device_id": str(one.arrival.device),
            "user_slot": one.reading.user,
            "measured_at": one.measured_at.isoformat(),
        }
        for n, (header, one) in enumerate(taken)
    ]
    if not rows:
        return []
    found = {row["n"]: row for row in connection.execute(OWNERS, [Jsonb(rows)])}
    return [Owner(found[n]["paired"], found[n]["patient_id"]) for n in range(len(rows))]


@dataclass(frozen=True, slots=True)
class Stored:
    """A reading to store for its patient."""

    header: Header
    taken: Taken
    patient: UUID

    def identity(self) -> Row:
        """Return the columns of `identity` and `duty`."""
        return {
            "reading_id": str(self.taken.id),
            "organisation_id": str(self.header.organisation),
            "patient_id": str(self.patient),
            "measured_at": self.taken.measured_at.isoformat(),
        }

    def row(self) -> Row:
        """Return the columns of `reading`."""
        taken, reading = self.taken, self.taken.reading
        return {
            "id": str(taken.id),
            "organisation_id": str(self.header.organisation),
            "patient_id": str(self.patient),
            "device_id": str(taken.arrival.device),
            "hub_id": str(self.header.hub),
            "epoch": self.header.epoch,
            "seq": self.header.seq,
            "kind": reading.kind,
            "measured_at": taken.measured_at.isoformat(),
            "device_time": str(reading.device_time) if reading.device_time else None,
            "basis": taken.basis,
            "validity": reading.validity,
            "flags": list(reading.flags),
            "received_at": taken.arrival.received_at.isoformat(),
            "decoded_at": taken.decoded_at.isoformat() if taken.decoded_at else None,
            "body": reading.model_dump(mode="json") | _seen_of_clock(taken.arrival),
        }

    def values(self) -> Iterable[Row]:
        """Return the rows of `reading_value`."""
        for ordinal, value in enumerate(self.taken.reading.values):
            yield {
                "reading_id": str(self.taken.id),
                "organisation_id": str(self.header.organisation),
                "patient_id": str(self.patient),
                "measured_at": self.taken.measured_at.isoformat(),
                "ordinal": ordinal,
                "name": value.name,
                "mdc": value.mdc,
                "number": None if value.number is None else str(value.number),
                "unit": value.unit,
                "absent": value.absent,
                "validity": self.taken.reading.validity,
            }


def _seen_of_clock(arrival: Arrival) -> dict[str, Any]:
    """Return what was known of the device's clock: by it the correction can be undone."""
    clock = arrival.clock
    return {"arrival": {"clock": clock.model_dump(mode="json")}} if clock else {}


def store_readings(connection: Connection, readings: Sequence[Stored]) -> set[UUID]:
    """Store what is new, with the duty to evaluate it; return the ids of what was new."""
    if not readings:
        return set()
    by_id: dict[UUID, Stored] = {}
    for one in readings:
        by_id.setdefault(one.taken.id, one)
    identities = [one.identity() for one in by_id.values()]
    new = {row["reading_id"] for row in connection.execute(NEW_IDENTITIES, [Jsonb(identities)])}
    fresh = [one for id_, one in by_id.items() if id_ in new]
    stored = {id(one) for one in fresh}
    again = [one.row() for one in readings if id(one) not in stored]
    if fresh:
        connection.execute(MAKE_ROOM, [[one.taken.measured_at for one in fresh]])
        rows = Jsonb([one.row() for one in fresh])
        connection.execute(READINGS, [rows])
        connection.execute(VALUES, [Jsonb([row for one in fresh for row in one.values()])])
        connection.execute(DUTIES, [Jsonb([one.identity() for one in fresh])])
        connection.execute("NOTIFY duty")
    if again:
        connection.execute(ENRICH, [Jsonb(again)])
    return new


def account(connection: Connection, told: Mapping[Life, Sequence[Span]]) -> dict[Life, list[Span]]:
    """Add spans to the ledger; return for each hub and epoch all that its receipt covers."""
    rows = [
        {
            "hub_id": str(life.hub),
            "epoch": life.epoch,
            "organisation_id": str(life.organisation),
            "spans": multirange(spans),
            "highest": max(last for _, last in spans),
        }
        for life, spans in told.items()
    ]
    if not rows:
        return {}
    found = connection.execute(ACCOUNT, {"rows": Jsonb(rows), "reach": 8 * MAX_BITMAP})
    spans = {
        (row["hub_id"], row["epoch"]): [(first, last) for first, last in row["spans"] or ()]
        for row in found
    }
    return {life: spans[life.hub, life.epoch] for life in told}


def multirange(spans: Sequence[Span]) -> str:
    """Return spans as the text of an int8multirange."""
    return "{" + ",".join(f"[{first},{last}]" for first, last in spans) + "}"


def utc(at_ms: int) -> datetime | None:
    """Return a moment from milliseconds since 1970, or None where the clock was not trusted."""
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC) if at_ms else None
    except (OverflowError, ValueError, OSError):
        return None
