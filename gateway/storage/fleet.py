"""Every hub and its devices with their state, the worst first; in pages by key, for thousands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from device_profiles.reading import Frozen
from gateway.storage.database import Connection
from gateway.storage.glass import VISIBLE
from gateway.storage.patients import like

# The order of the list, and the names of the filters.
STATES: Final = (
    "offline",
    "expired",
    "device",
    "held",
    "ending",
    "clock",
    "backlog",
    "battery",
    "coming",
    "well",
    "out",
)
# A hub renews at two thirds of its certificate's life: what ends so soon has failed to.
ENDING: Final = timedelta(days=2)
# A hub empties its spool within seconds of being online.
BACKLOG: Final = 20

RANKED: Final = f"""
WITH ranked AS (
    SELECT h.id, lower(h.name) AS sort, h.name, h.state, h.timezone, h.patient_id, h.confirmed_at,
        h.created_at, s.received_at, s.body ->> 'version' AS version,
        (s.body ->> 'spool_waiting')::int AS spool_waiting,
        (s.body ->> 'hub_clock_ok')::boolean AS clock_ok, c.not_after, t.since AS offline_since,
        p.name AS patient, p.id IS NULL OR {VISIBLE} AS visible,
        array_position(%(states)s::text[], CASE
            WHEN h.state IN ('revoked', 'suspended') THEN 'out'
            WHEN h.state IN ('invited', 'enrolled') THEN 'coming'
            WHEN s.received_at IS NULL AND h.confirmed_at > %(now)s - %(offline)s THEN 'coming'
            WHEN t.offline OR s.received_at IS NULL
                OR s.received_at < %(now)s - %(offline)s::interval THEN 'offline'
            WHEN c.not_after < %(now)s THEN 'expired'
            WHEN t.device THEN 'device'
            WHEN t.held THEN 'held'
            WHEN c.not_after < %(now)s + %(ending)s::interval THEN 'ending'
            WHEN NOT (s.body ->> 'hub_clock_ok')::boolean THEN 'clock'
            WHEN (s.body ->> 'spool_waiting')::int > %(backlog)s THEN 'backlog'
            WHEN t.battery THEN 'battery'
            ELSE 'well' END) AS rank
    FROM hub h LEFT JOIN hub_status s ON s.hub_id = h.id LEFT JOIN patient p ON p.id = h.patient_id
    LEFT JOIN LATERAL (SELECT max(k.not_after) AS not_after FROM certificate k
        WHERE k.hub_id = h.id AND k.revoked_at IS NULL) c ON true
    LEFT JOIN (SELECT x.hub_id, bool_or(x.what = 'offline') AS offline,
        bool_or(x.cause = 'device' AND x.what <> 'battery_low') AS device,
        bool_or(x.what = 'battery_low') AS battery, bool_or(x.what = 'held') AS held,
        min(x.since) FILTER (WHERE x.what = 'offline') AS since
        FROM trouble x WHERE x.until IS NULL GROUP BY x.hub_id) t ON t.hub_id = h.id
    WHERE NOT h.synthetic
)"""  # noqa: S608 - constants only
# All of them are ranked once, for the page and for the counts.
PAGE: Final = """
, counted AS (
    SELECT jsonb_object_agg((%(states)s::text[])[rank], n) AS counts
    FROM (SELECT rank, count(*) AS n FROM ranked GROUP BY rank) AS by_rank
), page AS (
    SELECT *, (%(states)s::text[])[rank] AS worst FROM ranked r
    WHERE (%(only)s::text IS NULL AND r.state <> 'revoked'
        OR (%(states)s::text[])[rank] = %(only)s)
      AND (%(named)s = '' OR r.visible AND r.sort LIKE '%%' || %(named)s || '%%'
        OR r.visible AND lower(r.patient) LIKE '%%' || %(named)s || '%%')
      AND (%(after)s::uuid IS NULL OR (r.rank, r.sort, r.id) >
        (SELECT l.rank, l.sort, l.id FROM ranked l WHERE l.id = %(after)s))
    ORDER BY r.rank, r.sort, r.id LIMIT %(limit)s
)
SELECT page.*, counted.counts FROM counted LEFT JOIN page ON true
ORDER BY page.rank, page.sort, page.id"""
DEVICES: Final = """
SELECT g.hub_id, d.id, d.profile, t.last_seen, t.rssi_dbm, t.battery_percent, t.clock_error_s,
    t.problem
FROM pairing g JOIN device d ON d.id = g.device_id
LEFT JOIN hub_status s ON s.hub_id = g.hub_id
LEFT JOIN LATERAL (SELECT * FROM jsonb_to_recordset(s.body -> 'devices') AS b(device uuid,
    last_seen timestamptz, rssi_dbm int, battery_percent int, clock_error_s float, problem text)
    WHERE b.device = d.id) t ON true
WHERE g.hub_id = ANY(%s) AND upper_inf(g.valid) ORDER BY t.problem IS NULL, d.profile, d.id"""


class FleetDevice(Frozen):
    """A device as its hub told of it last."""

    id: UUID
    hub_id: UUID
    profile: str
    last_seen: datetime | None
    rssi_dbm: int | None
    battery_percent: int | None
    clock_error_s: float | None
    problem: str | None


class FleetHub(Frozen):
    """A hub; `worst` is what its place in the list comes from."""

    id: UUID
    name: str
    patient: str | None
    visible: bool
    """False where the patient is restricted and who looks does not care for them."""
    state: str
    worst: str
    timezone: str
    received_at: datetime | None
    version: str | None
    spool_waiting: int | None
    clock_ok: bool | None
    not_after: datetime | None
    offline_since: datetime | None
    devices: tuple[FleetDevice, ...] = ()


@dataclass(frozen=True, slots=True)
class Looked:
    """Which hubs, who looks, and when. What is empty asks for nothing."""

    viewer: UUID
    now: datetime
    offline: timedelta
    """Not heard for so long."""
    only: str | None = None
    named: str = ""

    def told(self, **more: Any) -> dict[str, Any]:
        """Return what the queries take."""
        return {
            "states": list(STATES),
            "person": self.viewer,
            "now": self.now,
            "offline": self.offline,
            "ending": ENDING,
            "backlog": BACKLOG,
            "only": self.only,
            "named": like(self.named),
            **more,
        }


@dataclass(frozen=True, slots=True)
class Fleet:
    """A page of hubs with their devices, and how many there are by what is worst with them."""

    hubs: tuple[FleetHub, ...]
    counts: Mapping[str, int]


def fleet(
    connection: Connection, looked: Looked, *, after: UUID | None = None, limit: int = 50
) -> Fleet:
    """Return hubs, the worst first; `after`: the last of the page before."""
    rows = connection.execute(RANKED + PAGE, looked.told(after=after, limit=limit)).fetchall()
    counts: Mapping[str, int] = rows[0]["counts"] or {}
    found = [row for row in rows if row["id"] is not None]
    devices = _devices(connection, [row["id"] for row in found])
    names = FleetHub.model_fields.keys()
    hubs = tuple(
        FleetHub(**{name: row[name] for name in names & row.keys()}, devices=devices[row["id"]])
        for row in found
    )
    return Fleet(hubs, counts)


def _devices(connection: Connection, hubs: Sequence[UUID]) -> dict[UUID, tuple[FleetDevice, ...]]:
    found: dict[UUID, tuple[FleetDevice, ...]] = dict.fromkeys(hubs, ())
    for row in connection.execute(DEVICES, [list(hubs)]).fetchall():
        found[row["hub_id"]] += (FleetDevice(**row),)
    return found
