"""The schema where TimescaleDB is loaded; all other storage tests then run on it as well."""

import os
from datetime import UTC, datetime

import pytest

from gateway.storage.database import Database
from tests.fixtures.database import NO_URL, URL
from tests.fixtures.site import blood_pressure, make_site, reading_body

pytestmark = pytest.mark.skipif(not os.environ.get(URL), reason=NO_URL)


def test_series_are_hypertables_with_a_columnstore(timescale_database: Database) -> None:
    with timescale_database.transaction() as connection:
        rows = connection.execute(
            "SELECT hypertable_name AS name, compression_enabled AS columnstore"
            " FROM timescaledb_information.hypertables"
            " WHERE hypertable_schema = 'public' ORDER BY 1"
        ).fetchall()
    assert [row["name"] for row in rows] == ["reading", "reading_value"]
    assert rows[1]["columnstore"]


def test_rows_in_the_columnstore_are_seen_as_before(timescale_database: Database) -> None:
    site = make_site(timescale_database)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    site.accept(
        timescale_database, [site.envelope(reading_body(site, blood_pressure(150, 90, at), at))]
    )
    with timescale_database.connect(autocommit=True) as connection:
        connection.execute(
            "SELECT compress_chunk(c) FROM show_chunks('reading_value') AS c"
        ).fetchall()
        rows = connection.execute("SELECT number FROM reading_value ORDER BY ordinal").fetchall()
    assert [int(row["number"]) for row in rows] == [150, 90]
    late = at.replace(hour=3)
    outcome = site.accept(
        timescale_database,
        [site.envelope(reading_body(site, blood_pressure(151, 91, late), late))],
    )
    assert outcome.stored == 1
