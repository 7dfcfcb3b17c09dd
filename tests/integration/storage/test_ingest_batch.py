"""What a batch of envelopes becomes in the database, on both kinds of series tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.gatt import sig
from device_profiles.reading import Indication, Validity
from device_profiles.timeline import Basis
from device_profiles.wire.body import GapBody, ReadingBody, StatusBody, dump_body
from device_profiles.wire.v1 import Class, topic_up
from gateway.core.acceptance import Reason
from gateway.ingest.batch import Batch
from gateway.storage import homes
from gateway.storage.custody import custody
from gateway.storage.database import Database
from gateway.storage.quarantine import held
from tests.fixtures.site import Site, blood_pressure, make_site, raw_body, reading_body

AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
# 2A35 by hand: flags 02 (time), 120/80, MAP 93 mmHg, 2026-11-20 08:30:00
CONTEXT = Indication(uuid=sig(0x2A34), octets=b"\x01")
RAW = bytes.fromhex("0278005000" + "5d00" + "ea070b14081e00")


def rows(database: Database, query: str) -> list[dict[str, object]]:
    with database.transaction() as connection:
        return connection.execute(query).fetchall()


def count(database: Database, table: str) -> int:
    return len(rows(database, f"SELECT 1 FROM {table}"))  # noqa: S608


def test_a_reading_is_stored_once_with_its_duty(database: Database, site: Site) -> None:
    body = reading_body(site, blood_pressure(184, 95, AT), AT)
    outcome = site.accept(database, [site.envelope(body)])
    assert (outcome.stored, outcome.duplicates, outcome.quarantined) == (1, 0, {})
    values = rows(database, "SELECT name, number, unit FROM reading_value ORDER BY ordinal")
    assert [(v["name"], v["number"], v["unit"]) for v in values] == [
        ("systolic", 184, "mm[Hg]"),
        ("diastolic", 95, "mm[Hg]"),
    ]
    assert rows(database, "SELECT patient_id FROM duty") == [{"patient_id": site.patient}]
    (receipt,) = outcome.receipts
    assert receipt.covers(1)
    assert not receipt.covers(2)


def test_the_same_envelope_again_is_receipted_and_adds_nothing(
    database: Database, site: Site
) -> None:
    envelope = site.envelope(reading_body(site, blood_pressure(120, 80, AT), AT))
    site.accept(database, [envelope])
    outcome = site.accept(database, [envelope, envelope])
    assert (outcome.stored, outcome.redelivered) == (0, 2)
    assert outcome.receipts[0].covers(1)
    assert count(database, "reading") == 1
    assert count(database, "duty") == 1


def test_a_device_that_sends_its_memory_again_gives_duplicates(
    database: Database, site: Site
) -> None:
    body = reading_body(site, blood_pressure(120, 80, AT), AT)
    later = reading_body(site, blood_pressure(120, 80, AT), AT + timedelta(seconds=3))
    first = site.accept(database, [site.envelope(body), site.envelope(body)])
    assert (first.stored, first.duplicates) == (1, 1)
    second = site.accept(database, [site.envelope(later)])
    assert (second.stored, second.duplicates) == (0, 1)
    assert count(database, "reading") == 1


def test_raw_octets_are_decoded_with_the_same_profile_and_are_the_same_reading(
    database: Database, site: Site
) -> None:
    outcome = site.accept(database, [site.envelope(raw_body(site, RAW, AT))])
    assert outcome.stored == 1
    outcome = site.accept(database, [site.envelope(raw_body(site, RAW, AT, order=7))])
    assert outcome.duplicates == 1
    # No clock was read: the cuff's wall clock is taken in the home's zone, one hour before UTC.
    (row,) = rows(database, "SELECT measured_at, basis FROM reading")
    assert row == {"measured_at": AT, "basis": "clock_unverified"}


def test_equal_octets_without_time_are_two_readings(database: Database, site: Site) -> None:
    octets = bytes.fromhex("00780050005d00")
    one = site.envelope(raw_body(site, octets, AT, order=0))
    two = site.envelope(raw_body(site, octets, AT, order=1))
    assert site.accept(database, [one, two]).stored == 2


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


def test_a_reading_of_nobody_is_held_not_guessed(database: Database, site: Site) -> None:
    early = datetime(2019, 5, 1, tzinfo=UTC)
    before = reading_body(site, blood_pressure(120, 80, early), early)
    strange = reading_body(site, blood_pressure(121, 80, AT), AT)
    strange = strange.model_copy(update={"arrival": site.arrival(AT, device=uuid4())})
    outcome = site.accept(database, [site.envelope(before), site.envelope(strange)])
    assert outcome.quarantined == {Reason.NOT_PAIRED: 2}
    assert count(database, "reading") == 0


def test_an_unmapped_slot_is_held_and_accepted_once_it_is_mapped(
    database: Database, site: Site
) -> None:
    with database.transaction() as connection:
        connection.execute("UPDATE assignment SET user_slot = 1")
    envelope = site.envelope(reading_body(site, blood_pressure(120, 80, AT, user=2), AT))
    assert site.accept(database, [envelope]).quarantined == {Reason.UNASSIGNED: 1}
    with database.transaction() as connection:
        homes.pair_device(
            connection,
            homes.find_hub(connection, site.hub),
            homes.NewPairing(
                _address(database),
                "generic_cuff",
                site.patient,
                2,
                datetime(2020, 1, 1, tzinfo=UTC),
            ),
        )
    assert _replay(database, site) == 1
    with database.transaction() as connection:
        assert held(connection) == ()
    assert count(database, "reading") == 1


def _address(database: Database) -> str:
    (row,) = rows(database, "SELECT address FROM device")
    return str(row["address"])


def _replay(database: Database, site: Site) -> int:
    from gateway.storage import quarantine

    with database.transaction() as connection:
        (row,) = held(connection)
        outcome = Batch(connection, site.keys).accept([quarantine.take(connection, row.id)])
        if not outcome.quarantined:
            quarantine.release(connection, row.id)
    return outcome.stored


def test_no_true_time_is_held(database: Database, site: Site) -> None:
    body = ReadingBody(
        arrival=site.arrival(AT),
        reading=blood_pressure(120, 80, AT),
        measured_at=None,
        basis=Basis.NO_TRUE_TIME,
        decoded_at=AT,
    )
    assert site.accept(database, [site.envelope(body)]).quarantined == {Reason.NO_TRUE_TIME: 1}


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


def test_a_cuff_belongs_to_one_patient_at_a_time(database: Database, site: Site) -> None:
    from gateway.errors import Conflict

    with pytest.raises(Conflict), database.transaction() as connection:
        homes.pair_device(
            connection,
            homes.find_hub(connection, site.hub),
            homes.NewPairing(_address(database), "generic_cuff", site.patient, 1, AT),
        )


def test_a_later_telling_with_context_enriches(database: Database, site: Site) -> None:
    plain = blood_pressure(120, 80, AT)
    told = (*plain.octets, CONTEXT)
    richer = plain.model_copy(update={"octets": told, "flags": ("fasting",)})
    site.accept(database, [site.envelope(reading_body(site, plain, AT))])
    outcome = site.accept(database, [site.envelope(reading_body(site, richer, AT))])
    assert outcome.duplicates == 1
    assert rows(database, "SELECT flags FROM reading") == [{"flags": ["fasting"]}]


def test_readings_of_any_year_find_room(database: Database, site: Site) -> None:
    moments = [datetime(year, 12, 31, 23, 59, tzinfo=UTC) for year in range(2020, 2026)]
    outcome = site.accept(
        database,
        [site.envelope(reading_body(site, blood_pressure(120, 80, at), at)) for at in moments],
    )
    assert outcome.stored == len(moments)


@pytest.mark.parametrize(
    "measured",
    [
        datetime(1999, 12, 31, tzinfo=UTC),
        datetime(2036, 1, 1, tzinfo=UTC),
        datetime.now(UTC) + timedelta(hours=1),
        datetime(9999, 12, 31, 23, 30, tzinfo=UTC),
    ],
)
def test_an_impossible_time_is_held(database: Database, site: Site, measured: datetime) -> None:
    body = reading_body(site, blood_pressure(120, 80, AT), AT)
    body = body.model_copy(update={"measured_at": measured})
    assert site.accept(database, [site.envelope(body)]).quarantined == {Reason.NO_TRUE_TIME: 1}
    assert count(database, "reading") == 0


def test_a_time_beyond_the_calendar_is_unreadable(database: Database, site: Site) -> None:
    octets = dump_body(reading_body(site, blood_pressure(120, 80, AT), AT))
    beyond = octets.replace(
        b'"measured_at":"2026-11-20T07:30:00Z"', b'"measured_at":"9999-12-31T23:30:00-05:00"'
    )
    assert beyond != octets
    outcome = site.accept(database, [site.envelope(beyond)])
    assert outcome.quarantined == {Reason.UNREADABLE_BODY: 1}


def test_a_hub_whose_clock_is_not_right_gives_no_time(database: Database, site: Site) -> None:
    body = raw_body(site, RAW, AT)
    arrival = body.arrival.model_copy(update={"hub_clock_ok": False})
    outcome = site.accept(database, [site.envelope(body.model_copy(update={"arrival": arrival}))])
    assert outcome.quarantined == {Reason.NO_TRUE_TIME: 1}


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


def test_enrichment_that_changes_the_validity_is_evaluated_anew(
    database: Database, site: Site
) -> None:
    plain = blood_pressure(40, 30, AT)
    site.accept(database, [site.envelope(reading_body(site, plain, AT))])
    with database.transaction() as connection:
        connection.execute("DELETE FROM duty")
    richer = plain.model_copy(
        update={
            "octets": (*plain.octets, CONTEXT),
            "validity": Validity.INVALID,
            "flags": ("ketone",),
        }
    )
    site.accept(database, [site.envelope(reading_body(site, richer, AT))])
    assert rows(database, "SELECT validity FROM reading") == [{"validity": "invalid"}]
    assert {row["validity"] for row in rows(database, "SELECT validity FROM reading_value")} == {
        "invalid"
    }
    assert count(database, "duty") == 1


def test_enrichment_never_touches_other_numbers_or_another_patient(
    database: Database, site: Site
) -> None:
    plain = blood_pressure(120, 80, AT)
    site.accept(database, [site.envelope(reading_body(site, plain, AT))])
    forged = plain.model_copy(
        update={"octets": (*plain.octets, CONTEXT), "values": blood_pressure(250, 140, AT).values}
    )
    site.accept(database, [site.envelope(reading_body(site, forged, AT))])
    (row,) = rows(database, "SELECT body->'values'->0->>'number' AS number FROM reading")
    assert row["number"] == "120"
    with database.transaction() as connection:
        other = homes.add_patient(connection, site.organisation, "Another", "UTC")
        connection.execute("UPDATE assignment SET patient_id = %s", [other])
    told = (*plain.octets, CONTEXT)
    richer = plain.model_copy(update={"octets": told, "flags": ("fasting",)})
    site.accept(database, [site.envelope(reading_body(site, richer, AT))])
    assert rows(database, "SELECT flags FROM reading") == [{"flags": []}]


def test_a_new_month_does_not_wait_for_readers(database: Database, site: Site) -> None:
    first = AT - timedelta(days=200)
    site.accept(database, [site.envelope(reading_body(site, blood_pressure(120, 80, AT), AT))])
    with database.connect() as reader:
        reader.execute("SELECT count(*) FROM reading")  # its transaction stays open
        with database.connect() as connection:
            connection.execute("SET lock_timeout = '5s'")
            batch = Batch(connection, site.keys)
            outcome = batch.accept(
                [site.envelope(reading_body(site, blood_pressure(121, 80, first), first))]
            )
            connection.commit()
    assert outcome.stored == 1


def test_two_homes_share_nothing(database: Database, site: Site) -> None:
    other = make_site(database)
    stolen: UUID = other.cuff
    body = reading_body(site, blood_pressure(120, 80, AT), AT)
    body = body.model_copy(update={"arrival": site.arrival(AT, device=stolen)})
    assert site.accept(database, [site.envelope(body)]).quarantined == {Reason.NOT_PAIRED: 1}


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
