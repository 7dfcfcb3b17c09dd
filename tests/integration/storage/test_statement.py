"""The statement of custody: a reading is stored, told again, held, let go or missing."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from device_profiles.wire.body import GapBody, StatusBody
from device_profiles.wire.v1 import Class
from gateway.care.holes import look_for_holes
from gateway.cli.statement import _month, _page, _plain
from gateway.errors import NotFound, WrongInput
from gateway.storage.database import Database
from gateway.storage.statement import Statement, statement
from tests.fixtures.site import Site, blood_pressure, make_site, reading_body

NOW = datetime.now(UTC)
SINCE, UNTIL = NOW - timedelta(days=1), NOW + timedelta(days=1)


def stated(site: Site, database: Database) -> Statement:
    with database.transaction() as connection:
        return statement(connection, site.organisation, SINCE, UNTIL)


def take_a_month(site: Site, database: Database) -> None:
    """Three readings, one of them twice; one unreadable; two let go by the hub; one missing."""
    readings = [blood_pressure(120 + n, 80, NOW - timedelta(minutes=n)) for n in range(3)]
    sent = [site.envelope(reading_body(site, one, NOW)) for one in (*readings, readings[0])]
    site.accept(database, [*sent, site.envelope(b"{}")])
    site.seq += 3  # 6 and 7 are let go, 8 is missing
    gap = GapBody(at=NOW, reason="full", supersedes=((6, 7),))
    site.accept(database, [site.envelope(gap)])
    for _ in range(2):
        status = StatusBody(
            at=NOW,
            version="1",
            boot=uuid4(),
            spool_waiting=0,
            spool_bytes=0,
            oldest=site.seq + 1,
            hub_clock_ok=True,
        )
        site.accept(database, [site.envelope(status, class_=Class.STATUS)])
    with database.transaction() as connection:
        look_for_holes(connection, NOW)


def test_everything_taken_is_in_it_once(database: Database, site: Site) -> None:
    take_a_month(site, database)
    made = stated(site, database)
    (hub,) = made.hubs
    assert (hub.stored, hub.duplicate, hub.held) == (3, 1, {"unreadable_body": 1})
    assert [(s.first, s.last, s.reason) for s in hub.dropped] == [(6, 7, "full")]
    assert [(s.first, s.last) for s in hub.missing] == [(8, 8)]
    assert hub.taken == 3 + 1 + 1 + 2 + 1
    (patient,) = made.patients
    assert (patient.patient, patient.stored, patient.duplicate) == (site.patient, 3, 1)


def test_another_month_and_another_organisation_have_nothing_of_it(
    database: Database, site: Site
) -> None:
    take_a_month(site, database)
    with database.transaction() as connection:
        before = statement(connection, site.organisation, SINCE - timedelta(days=9), SINCE)
    assert [(hub.taken, hub.missing_count) for hub in before.hubs] == [(0, 0)]
    assert before.patients == ()
    (hub,) = stated(make_site(database), database).hubs
    assert hub.taken == 0


def test_the_page_and_the_json_say_the_same(database: Database, site: Site) -> None:
    take_a_month(site, database)
    made = stated(site, database)
    page, told = _page(made, "2026-11", "UTC"), _plain(made)
    assert told["hubs"][0]["taken"] == 8  # type: ignore[index]
    assert "<td>8</td><td>3</td>" in page
    assert "2 refused" not in page
    assert "numbers\n8 to 8" in page
    assert "Test patient" in page


def test_what_is_no_organisation(database: Database) -> None:
    with pytest.raises(NotFound), database.transaction() as connection:
        statement(connection, uuid4(), SINCE, UNTIL)


def test_a_month_is_that_of_its_zone() -> None:
    since, until = _month("2026-12", "Europe/Vienna")
    assert since == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert until == datetime(2026, 12, 31, 23, tzinfo=UTC)
    with pytest.raises(WrongInput):
        _month("November", "UTC")
