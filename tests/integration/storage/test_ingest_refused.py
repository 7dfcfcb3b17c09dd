"""What a batch may not become: quarantined or refused with a reason, and nobody is held up."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.wire.body import GapBody, ReadingBody, dump_body
from device_profiles.wire.v1 import Class, topic_up
from gateway.core.acceptance import Reason
from gateway.storage.database import Database
from gateway.storage.quarantine import held
from tests.fixtures.site import Site, blood_pressure, reading_body
from tests.integration.storage.batches import AT, count, rows


def test_altered_replay_is_quarantined_and_told(database: Database, site: Site) -> None:
    site.accept(database, [site.envelope(reading_body(site, blood_pressure(120, 80, AT), AT))])
    other = site.envelope(reading_body(site, blood_pressure(125, 80, AT), AT), seq=1)
    outcome = site.accept(database, [other])
    assert outcome.quarantined == {Reason.ALTERED_REPLAY: 1}
    assert outcome.receipts == []
    assert count(database, "security_event") == 1
    assert count(database, "reading") == 1


def unknown_hub(site: Site) -> None:
    site.hub = uuid4()


def wrong_organisation(site: Site) -> None:
    site.organisation = uuid4()


def wrong_key(site: Site) -> None:
    site.signer = Ed25519PrivateKey.generate()


@pytest.mark.parametrize(
    ("tamper", "reason"),
    [
        (unknown_hub, Reason.UNKNOWN_HUB),
        (wrong_organisation, Reason.WRONG_ORGANISATION),
        (wrong_key, Reason.BAD_SIGNATURE),
    ],
)
def test_what_the_hub_did_not_say_is_kept_but_never_receipted(
    database: Database, site: Site, tamper: object, reason: Reason
) -> None:
    body = reading_body(site, blood_pressure(120, 80, AT), AT)
    tamper(site)  # type: ignore[operator]
    outcome = site.accept(database, [site.envelope(body)])
    assert (outcome.quarantined, outcome.receipts) == ({reason: 1}, [])
    with database.transaction() as connection:
        (row,) = held(connection)
    assert (row.reason, row.receipted) == (reason, False)


def test_garbage_is_kept_and_blocks_nobody(database: Database, site: Site) -> None:
    good = site.envelope(reading_body(site, blood_pressure(120, 80, AT), AT))
    garbage = [replace(good, envelope=octets) for octets in (b"", b"x", b"HLN1" + bytes(300))]
    other_topic = replace(good, topic=topic_up(uuid4(), Class.ROUTINE))
    outcome = site.accept(database, [*garbage, other_topic, good])
    assert outcome.stored == 1
    assert outcome.quarantined == {Reason.MALFORMED: 3, Reason.WRONG_PLACE: 1}
    again = site.accept(database, garbage)
    assert again.stored == 0
    assert count(database, "quarantine") == 4


def test_a_revoked_hub_is_refused_from_the_next_batch_on(database: Database, site: Site) -> None:
    with database.transaction() as connection:
        connection.execute("UPDATE hub SET state = 'revoked'")
    outcome = site.accept(
        database, [site.envelope(reading_body(site, blood_pressure(120, 80, AT), AT))]
    )
    assert outcome.quarantined == {Reason.HUB_NOT_ACTIVE: 1}
    assert outcome.receipts == []


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"{}", Reason.UNREADABLE_BODY),
        (b"\xff\xfe", Reason.UNREADABLE_BODY),
    ],
)
def test_a_body_that_says_nothing_is_quarantined_and_receipted(
    database: Database, site: Site, octets: bytes, reason: Reason
) -> None:
    outcome = site.accept(database, [site.envelope(octets)])
    assert outcome.quarantined == {reason: 1}
    assert outcome.receipts[0].quarantined == (1,)
    assert outcome.receipts[0].covers(1)


def test_a_time_beyond_the_calendar_is_unreadable(database: Database, site: Site) -> None:
    octets = dump_body(reading_body(site, blood_pressure(120, 80, AT), AT))
    beyond = octets.replace(
        b'"measured_at":"2026-11-20T07:30:00Z"', b'"measured_at":"9999-12-31T23:30:00-05:00"'
    )
    assert beyond != octets
    outcome = site.accept(database, [site.envelope(beyond)])
    assert outcome.quarantined == {Reason.UNREADABLE_BODY: 1}


def test_a_topic_longer_than_an_index_row_blocks_nobody(database: Database, site: Site) -> None:
    good = site.envelope(reading_body(site, blood_pressure(120, 80, AT), AT))
    long = replace(good, topic=topic_up(site.hub, Class.ROUTINE) + "/x" * 9000)
    for _ in range(2):
        outcome = site.accept(database, [long])
        assert outcome.quarantined == {Reason.WRONG_PLACE: 1}
    assert rows(database, "SELECT times_seen FROM quarantine") == [{"times_seen": 2}]
    assert site.accept(database, [good]).stored == 1


def test_an_altered_replay_is_one_event_however_often_it_comes(
    database: Database, site: Site
) -> None:
    site.accept(database, [site.envelope(reading_body(site, blood_pressure(120, 80, AT), AT))])
    other = site.envelope(reading_body(site, blood_pressure(125, 80, AT), AT), seq=1)
    for _ in range(3):
        site.accept(database, [other])
    assert count(database, "security_event") == 1


def absurd_bodies(site: Site) -> list[ReadingBody | GapBody]:
    plain = blood_pressure(120, 80, AT)
    systolic = plain.values[0]
    odd: list[dict[str, Any]] = [
        {"values": (systolic.model_copy(update={"number": Decimal("9.9e131071")}),)},
        {"values": (systolic.model_copy(update={"number": Decimal("1" * 30)}),)},
        {"values": (systolic.model_copy(update={"unit": "x" * 9000}),)},
        {"values": ()},
        {"user": 4096},
        {"flags": ("f" * 500,)},
    ]
    readings: list[ReadingBody | GapBody] = [
        reading_body(site, plain.model_copy(update=update), AT) for update in odd
    ]
    spans = tuple((2 * n + 1, 2 * n + 1) for n in range(600))
    return [
        *readings,
        GapBody(at=AT, reason="spool_full", supersedes=spans),
        GapBody(at=AT, reason="spool_full", supersedes=((1, 2**62),)),
    ]


def test_what_no_hub_of_ours_writes_is_refused(database: Database, site: Site) -> None:
    site.seq = 5000
    bodies = absurd_bodies(site)
    outcome = site.accept(database, [site.envelope(body) for body in bodies])
    assert outcome.quarantined == {Reason.UNREADABLE_BODY: len(bodies)}
    assert count(database, "reading") == 0
