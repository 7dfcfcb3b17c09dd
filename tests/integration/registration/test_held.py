"""What people say of held readings is asked of ingest, which alone can open them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from device_profiles.wire.keys import Suite
from gateway.care import held
from gateway.errors import Conflict, NotFound
from gateway.ingest.again import due_again, try_again
from gateway.storage import homes
from gateway.storage.as_app import as_app
from gateway.storage.database import Connection, Database
from gateway.storage.held import HeldRow, find_held, waiting
from tests.fixtures.site import Site, blood_pressure, make_site, reading_body

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
NOW = datetime.now(UTC)


@pytest.fixture
def home(shared_database: Database) -> Site:
    """Give a home whose cuff belongs to slots, not to everybody."""
    site = make_site(shared_database)
    with shared_database.transaction() as connection:
        connection.execute("UPDATE assignment SET user_slot = 1 WHERE device_id = %s", [site.cuff])
    return site


@contextmanager
def at_work(database: Database, site: Site) -> Iterator[Connection]:
    with database.transaction() as connection:
        yield as_app(connection, site.organisation)


def ingest(database: Database, site: Site) -> list[bool]:
    """Do what ingest does when it comes round; say of each whether it was accepted."""
    with database.transaction() as connection:
        outcomes = [try_again(connection, site.keys, None, id_) for id_ in due_again(connection)]
    return [outcome is not None and not outcome.quarantined for outcome in outcomes]


def measure(database: Database, site: Site, *hours: int, slot: int = 2) -> list[HeldRow]:
    """Let readings of another slot arrive, and return what waits."""
    for hour in hours:
        at = AT + timedelta(hours=hour)
        body = reading_body(site, blood_pressure(130, 80, at, slot), at)
        site.accept(database, [site.envelope(body)])
    with at_work(database, site) as connection:
        return list(waiting(connection))


def patients(database: Database, site: Site) -> list[UUID]:
    with at_work(database, site) as connection:
        rows = connection.execute("SELECT patient_id FROM reading ORDER BY measured_at").fetchall()
    return [row["patient_id"] for row in rows]


def test_a_slot_is_given_to_a_person_and_all_its_readings_are_taken(
    shared_database: Database, home: Site
) -> None:
    first, second = measure(shared_database, home, 1, 2)
    assert (first.reason, first.user_slot, first.device_id) == ("unassigned", 2, home.cuff)
    assert first.measured_at == AT + timedelta(hours=1)
    with shared_database.transaction() as connection:
        other = homes.add_patient(connection, home.organisation, "Her husband", "UTC")
    with at_work(shared_database, home) as connection:
        assert held.give_to(connection, second.id, other, "Bea", NOW) == 2
    assert ingest(shared_database, home) == [True, True]
    assert patients(shared_database, home) == [other, other]
    assert measure(shared_database, home) == []


def test_what_is_held_of_a_home_is_looked_at_as_its_patient_is(
    shared_database: Database, home: Site
) -> None:
    (row,) = measure(shared_database, home, 1)
    assert (row.asked, row.patient_id, row.restricted) == (False, home.patient, False)


def test_what_still_cannot_be_taken_stays_held_and_is_not_tried_for_ever(
    shared_database: Database, home: Site
) -> None:
    (row,) = measure(shared_database, home, 1)
    with at_work(shared_database, home) as connection:
        connection.execute("UPDATE quarantine SET again_at = %s, again_by = 'Bea'", [NOW])
    assert ingest(shared_database, home) == [False]
    assert ingest(shared_database, home) == []
    with at_work(shared_database, home) as connection:
        assert find_held(connection, row.id).again_at is None


def test_a_device_of_somebody_else_is_not_taken_from_them(
    shared_database: Database, home: Site
) -> None:
    (row,) = measure(shared_database, home, 1)
    with shared_database.transaction() as connection:
        connection.execute(
            "UPDATE assignment SET user_slot = 2, valid = tstzrange(%s, NULL) WHERE device_id = %s",
            [NOW, home.cuff],
        )
        other = homes.add_patient(connection, home.organisation, "Her husband", "UTC")
    with at_work(shared_database, home) as connection, pytest.raises(Conflict):
        held.give_to(connection, row.id, other, "Bea", NOW)


def test_a_device_is_not_taken_back_from_the_hub_through_which_it_speaks_now(
    shared_database: Database, home: Site
) -> None:
    (row,) = measure(shared_database, home, 1)
    with shared_database.transaction() as connection:
        other = homes.HubRow(uuid4(), home.organisation, "UTC", Suite.X25519)
        homes.add_hub(connection, other, "Another", b"k" * 32)
        address, profile = homes.device_of(connection, home.cuff)
        new = homes.NewPairing(address, profile, home.patient, 1, NOW, device=home.cuff)
        homes.pair_device(connection, other, new)
    with at_work(shared_database, home) as connection, pytest.raises(Conflict, match="another hub"):
        held.give_to(connection, row.id, home.patient, "Bea", NOW)


def test_what_is_nobodys_stays_sealed(shared_database: Database, home: Site) -> None:
    (row,) = measure(shared_database, home, 1)
    with at_work(shared_database, home) as connection:
        held.refuse(connection, row.id, "Bea", NOW)
    with at_work(shared_database, home) as connection, pytest.raises(NotFound):
        held.refuse(connection, row.id, "Cem", NOW)
    assert patients(shared_database, home) == []


def test_a_jump_is_confirmed_by_a_person_and_charted_by_ingest(
    shared_database: Database, home: Site
) -> None:
    from tests.integration.storage.test_jumps import weight

    for hour, kg in enumerate(("80.0", "95.0")):
        at = AT + timedelta(hours=hour)
        reading = weight(kg, at).model_copy(update={"user": 1})
        home.accept(shared_database, [home.envelope(reading_body(home, reading, at))])
    with at_work(shared_database, home) as connection:
        (row,) = waiting(connection)
        assert row.asked
        assert row.question is not None
        held.confirm(connection, row.id, "Bea", NOW)
    assert ingest(shared_database, home) == [True]
    assert patients(shared_database, home) == [home.patient] * 2
