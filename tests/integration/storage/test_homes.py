"""Devices move between hubs and patients; at one moment each belongs to one of each."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from device_profiles.wire.keys import Suite
from gateway.core.acceptance import Reason
from gateway.errors import AlreadyAssigned, NotFound, WrongInput
from gateway.storage import homes
from gateway.storage.database import Database
from tests.fixtures.site import Site, blood_pressure, reading_body

AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
MOVED = AT - timedelta(days=1)


def address(database: Database) -> str:
    with database.transaction() as connection:
        row = connection.execute("SELECT address FROM device").fetchone()
    assert row is not None
    return str(row["address"])


def pair(
    database: Database, site: Site, hub: homes.HubRow, since: datetime, slot: int | None = None
) -> None:
    new = homes.NewPairing(address(database), "generic_cuff", site.patient, slot, since)
    with database.transaction() as connection:
        homes.pair_device(connection, hub, new)


def test_a_device_that_moves_speaks_through_its_new_hub_only(
    database: Database, site: Site
) -> None:
    new_hub = homes.HubRow(uuid4(), site.organisation, "UTC", Suite.X25519)
    with database.transaction() as connection:
        key = site.signer.public_key().public_bytes_raw()
        homes.add_hub(connection, new_hub, "New hub", key)
    pair(database, site, new_hub, MOVED)
    body = reading_body(site, blood_pressure(120, 80, AT), AT)
    assert site.accept(database, [site.envelope(body)]).quarantined == {Reason.NOT_PAIRED: 1}
    old = AT - timedelta(days=2)
    before = reading_body(site, blood_pressure(121, 80, old), old)
    assert site.accept(database, [site.envelope(before)]).stored == 1
    site.hub, site.epoch = new_hub.id, 7
    assert site.accept(database, [site.envelope(body)]).stored == 1


def test_a_second_patient_at_the_same_time_is_refused(database: Database, site: Site) -> None:
    with database.transaction() as connection:
        hub = homes.find_hub(connection, site.hub)
    with pytest.raises(AlreadyAssigned):
        pair(database, site, hub, AT, slot=1)


def test_what_does_not_exist_is_said(database: Database, site: Site) -> None:
    with pytest.raises(NotFound), database.transaction() as connection:
        homes.add_patient(connection, uuid4(), "Nobody", "UTC")
    with pytest.raises(NotFound), database.transaction() as connection:
        homes.find_hub(connection, uuid4())
    hub = homes.HubRow(site.hub, site.organisation, "UTC", Suite.X25519)
    new = homes.NewPairing("C0:FF:EE:00:00:09", "no_such", site.patient, None, AT)
    with pytest.raises(WrongInput), database.transaction() as connection:
        homes.pair_device(connection, hub, new)
