"""100,000 readings are exported with flat memory. Prints what it took, for docs/performance.md."""

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from gateway.access.who import Who
from gateway.fhir.export import Exports
from gateway.storage.database import Database
from gateway.storage.fhir_exports import ask_export, find_export
from tests.fixtures.site import make_site

READINGS = 100_000
# What a process grows by anyway: the first thousand rows, modules, the allocator.
GROWTH = 48 * 2**20

# A home's readings over four years, as ingest writes them: cuffs with pulse and a clock.
READ = """
INSERT INTO reading (id, organisation_id, patient_id, device_id, hub_id, epoch, seq, kind,
    measured_at, device_time, basis, validity, flags, received_at, decoded_at, stored_at, body)
SELECT md5('r' || n)::uuid, %(organisation)s, %(patient)s, %(device)s, %(hub)s, 1, n,
    'blood_pressure', at, to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS'), 'device_clock', 'valid', '{}',
    at, at, at,
    jsonb_build_object('type', 'reading', 'arrival', jsonb_build_object('device', %(device)s::text,
        'session', md5('s' || n)::uuid, 'order', 0, 'clock', NULL))
FROM generate_series(1, %(many)s) n,
    LATERAL (SELECT %(begin)s + n * interval '20 minutes' AS at) m"""
VALUES = """
INSERT INTO reading_value (reading_id, organisation_id, patient_id, measured_at, ordinal, name, mdc,
    number, unit, validity)
SELECT r.id, r.organisation_id, r.patient_id, r.measured_at, v.ordinal, v.name, v.mdc,
    v.number + r.seq %% 20, v.unit, 'valid'
FROM reading r, (VALUES (0, 'systolic', 150021, 120, 'mm[Hg]'),
    (1, 'diastolic', 150022, 70, 'mm[Hg]'),
    (2, 'pulse', 149546, 60, '/min')) AS v(ordinal, name, mdc, number, unit)
WHERE r.organisation_id = %(organisation)s"""


@pytest.mark.slow
def test_it_is_quick_and_flat(embedded_database: Database, tmp_path: Path) -> None:
    site, begin = make_site(embedded_database), datetime(2022, 1, 1, tzinfo=UTC)
    given: dict[str, Any] = {
        "organisation": site.organisation,
        "patient": site.patient,
        "device": site.cuff,
    }
    given |= {"hub": site.hub, "many": READINGS, "begin": begin}
    months = [begin + timedelta(days=28 * n) for n in range(60)]
    with embedded_database.transaction() as connection:
        connection.execute("SELECT series_make_room(%s)", [months])
        connection.execute(READ, given)
        connection.execute(VALUES, given)
        who = Who(site.hub, "bench", site.organisation, "", frozenset(), frozenset(), None)
        now = datetime.now(UTC)
        id_ = ask_export(connection, who, "bench", ["Observation"], None, now)
    with embedded_database.connect(autocommit=True) as connection:
        connection.execute("ANALYZE")
    took, grown = _measured(embedded_database, tmp_path)
    with embedded_database.transaction() as connection:
        row = find_export(connection, id_, who.id)
    assert row is not None
    (file,) = row["files"]
    size = (tmp_path / "exports" / str(id_) / file["file"]).stat().st_size
    print(
        f"\n{READINGS} readings, {file['count']} Observations, {size / 2**20:.0f} MiB:"
        f" {took:.1f} s, {grown / 2**20:.1f} MiB more memory at most"
    )
    assert file["count"] == 2 * READINGS
    assert grown < GROWTH


def _measured(database: Database, folder: Path) -> tuple[float, int]:
    """Return the time that it takes, and by how much this process grew at most."""
    process, over, most = psutil.Process(), threading.Event(), [0]
    before = process.memory_info().rss

    def look() -> None:
        while not over.wait(0.02):
            most[0] = max(most[0], process.memory_info().rss)

    watcher = threading.Thread(target=look)
    watcher.start()
    began = time.monotonic()
    with database.connect(autocommit=True) as connection:
        assert Exports(folder, database).look(connection, datetime.now(UTC)) == 1
    took = time.monotonic() - began
    over.set()
    watcher.join()
    return took, max(0, most[0] - before)
