"""Readings whose patient or time is not known: held until somebody says it, never guessed."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from device_profiles.timeline import Basis
from device_profiles.wire.body import ReadingBody
from gateway.core.acceptance import Reason
from gateway.ingest.batch import Batch
from gateway.storage import homes
from gateway.storage.database import Database
from gateway.storage.quarantine import held
from tests.fixtures.site import Site, blood_pressure, raw_body, reading_body
from tests.integration.storage.batches import AT, RAW, count, rows


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


def test_a_cuff_belongs_to_one_patient_at_a_time(database: Database, site: Site) -> None:
    from gateway.errors import Conflict

    with pytest.raises(Conflict), database.transaction() as connection:
        homes.pair_device(
            connection,
            homes.find_hub(connection, site.hub),
            homes.NewPairing(_address(database), "generic_cuff", site.patient, 1, AT),
        )


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


def test_a_hub_whose_clock_is_not_right_gives_no_time(database: Database, site: Site) -> None:
    body = raw_body(site, RAW, AT)
    arrival = body.arrival.model_copy(update={"hub_clock_ok": False})
    outcome = site.accept(database, [site.envelope(body.model_copy(update={"arrival": arrival}))])
    assert outcome.quarantined == {Reason.NO_TRUE_TIME: 1}
