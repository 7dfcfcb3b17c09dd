"""What a batch of envelopes becomes in the database, on both kinds of series tables."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from device_profiles.reading import Validity
from gateway.core.acceptance import Reason
from gateway.ingest.batch import Batch
from gateway.storage import homes
from gateway.storage.database import Database
from tests.fixtures.site import Site, blood_pressure, make_site, raw_body, reading_body
from tests.integration.storage.batches import AT, CONTEXT, RAW, count, rows


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
