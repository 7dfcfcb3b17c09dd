"""Every number that a hub gave is accounted for, and receipts say how far."""

from uuid import uuid4

from device_profiles.wire.body import GapBody, StatusBody
from device_profiles.wire.v1 import Class
from gateway.core.acceptance import Reason
from gateway.storage.custody import custody
from gateway.storage.database import Database
from tests.fixtures.site import Site, blood_pressure, reading_body
from tests.integration.storage.batches import AT, rows


def test_superseded_numbers_and_gaps_are_accounted_for(database: Database, site: Site) -> None:
    site.seq = 4
    body = reading_body(site, blood_pressure(120, 80, AT), AT, supersedes=((3, 4),))
    outcome = site.accept(database, [site.envelope(body)])
    assert [outcome.receipts[0].covers(n) for n in range(1, 7)] == [
        False, False, True, True, True, False,
    ]  # fmt: skip
    gap = GapBody(at=AT, reason="spool_full", supersedes=((1, 1),))
    outcome = site.accept(database, [site.envelope(gap)])
    assert outcome.receipts[0].covers(1)
    with database.transaction() as connection:
        account = custody(connection, site.hub)
    assert [(s.first, s.last) for s in account.missing] == [(2, 2)]
    assert [(s.first, s.last, s.reason) for s in account.dropped_by_hub] == [(1, 1, "spool_full")]


def test_custody_names_every_number(database: Database, site: Site) -> None:
    good = [
        site.envelope(reading_body(site, blood_pressure(110 + n, 70, AT), AT)) for n in range(3)
    ]
    site.seq = 9
    site.accept(database, [*good, site.envelope(b"{}")])
    with database.transaction() as connection:
        account = custody(connection, site.hub)
    assert account.stored == 3
    assert account.quarantined == {Reason.UNREADABLE_BODY: 1}
    assert [(s.epoch, s.first, s.last) for s in account.missing] == [(1, 4, 9)]
    assert account.missing_count == 6


def test_a_status_is_the_latest_and_no_reading(database: Database, site: Site) -> None:
    status = StatusBody(
        at=AT,
        version="1",
        boot=uuid4(),
        spool_waiting=3,
        spool_bytes=1000,
        oldest=7,
        hub_clock_ok=True,
    )
    outcome = site.accept(database, [site.envelope(status, class_=Class.STATUS)])
    assert outcome.stored == 0
    assert rows(database, "SELECT body->>'oldest' AS oldest FROM hub_status") == [{"oldest": "7"}]


def status(oldest: int) -> StatusBody:
    return StatusBody(
        at=AT,
        version="1",
        boot=uuid4(),
        spool_waiting=0,
        spool_bytes=0,
        oldest=oldest,
        hub_clock_ok=True,
    )


def test_receipts_go_on_past_what_nobody_accounts_for(database: Database, site: Site) -> None:
    site.seq = 3  # 1 to 3 were superseded by a body that cannot be read
    site.accept(database, [site.envelope(b"{}")])
    outcome = site.accept(database, [site.envelope(status(oldest=0), class_=Class.STATUS)])
    assert outcome.receipts[0].high_water == 5
    with database.transaction() as connection:
        account = custody(connection, site.hub)
    assert [(seqs.first, seqs.last) for seqs in account.missing] == [(1, 3)]
    late = site.envelope(reading_body(site, blood_pressure(120, 80, AT), AT), seq=2)
    assert site.accept(database, [late]).stored == 1
    with database.transaction() as connection:
        account = custody(connection, site.hub)
    assert [(seqs.first, seqs.last) for seqs in account.missing] == [(1, 1), (3, 3)]


def test_what_the_hub_still_holds_is_not_written_off(database: Database, site: Site) -> None:
    site.seq = 9
    outcome = site.accept(database, [site.envelope(status(oldest=4), class_=Class.STATUS)])
    assert outcome.receipts[0].high_water == 0
    outcome = site.accept(database, [site.envelope(status(oldest=4), class_=Class.STATUS)])
    assert outcome.receipts[0].high_water == 3


def test_an_older_status_does_not_replace_a_newer_one(database: Database, site: Site) -> None:
    older = site.envelope(status(oldest=1), class_=Class.STATUS)
    newer = site.envelope(status(oldest=2), class_=Class.STATUS)
    site.accept(database, [newer])
    site.accept(database, [older])
    assert rows(database, "SELECT body->>'oldest' AS oldest FROM hub_status") == [{"oldest": "2"}]


def test_a_receipt_reaches_as_far_as_its_bitmap(database: Database, site: Site) -> None:
    body = reading_body(site, blood_pressure(120, 80, AT), AT)
    site.accept(database, [site.envelope(body)])
    site.seq = 8000
    outcome = site.accept(database, [site.envelope(body)])
    assert outcome.receipts[0].high_water == 1
    assert outcome.receipts[0].covers(8001)
    site.seq = 20_000
    outcome = site.accept(database, [site.envelope(body)])
    assert not outcome.receipts[0].covers(20_001)
