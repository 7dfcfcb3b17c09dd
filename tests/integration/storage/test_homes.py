"""Devices move between hubs and patients; at one moment each belongs to one of each."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.reading import Kind
from device_profiles.wire.keys import Suite
from device_profiles.wire.pairing import PairingProof
from gateway.core.acceptance import Reason
from gateway.enrolment.proved import proved
from gateway.errors import AlreadyAssigned, Conflict, NotFound, WrongInput
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


def proof(site: Site, address: str, **more: Any) -> str:
    told: dict[str, Any] = {"hub": site.hub, "device": uuid4(), "profile": "generic_cuff"}
    told |= {"address": address, "kind": Kind.BLOOD_PRESSURE, "at": MOVED}
    return PairingProof(**{**told, **more}).signed(site.signer)


def test_a_device_that_the_hub_has_proved_is_its_patients_from_then_on(
    database: Database, site: Site
) -> None:
    device = uuid4()
    text = proof(site, "C0:FF:EE:00:00:42", device=device)
    with database.transaction() as connection:
        hub = homes.find_hub(connection, site.hub)
        shown = proved(connection, site.hub, text, AT)
        assert homes.pair_device(connection, hub, shown.pairing(site.patient, None, None)) == device
        told = homes.paired_devices(connection, site.hub)
    assert (device, "C0:FF:EE:00:00:42") in {(one.id, one.address) for one in told}
    for at, stored in ((MOVED - timedelta(minutes=1), 0), (MOVED + timedelta(minutes=1), 1)):
        body = reading_body(site, blood_pressure(120, 80, at), at)
        mine = body.model_copy(update={"arrival": site.arrival(at, device=device)})
        outcome = site.accept(database, [site.envelope(mine)])
        assert outcome.stored == stored
        assert outcome.quarantined == ({} if stored else {Reason.NOT_PAIRED: 1})


def test_a_proof_from_the_future_counts_from_now(database: Database, site: Site) -> None:
    text = proof(site, "C0:FF:EE:00:00:42", at=AT + timedelta(days=9))
    timeless = proof(site, "C0:FF:EE:00:00:42", at=None)
    with database.transaction() as connection:
        assert proved(connection, site.hub, text, AT).at == AT
        assert proved(connection, site.hub, timeless, AT).at == AT


def test_a_proof_that_is_not_this_hubs_is_refused(database: Database, site: Site) -> None:
    other = PairingProof(
        hub=site.hub, device=uuid4(), address="C0:FF:EE:00:00:42", profile="x", kind=Kind.GLUCOSE
    ).signed(Ed25519PrivateKey.generate())
    elsewhere = proof(site, "C0:FF:EE:00:00:42", hub=uuid4())
    for text in (other, elsewhere, "hlp:1?", ""):
        with pytest.raises(WrongInput, match="The proof"), database.transaction() as connection:
            proved(connection, site.hub, text, AT)
    with database.transaction() as connection:
        connection.execute("UPDATE hub SET state = 'revoked' WHERE id = %s", [site.hub])
    good = proof(site, "C0:FF:EE:00:00:42")
    with pytest.raises(Conflict, match="revoked"), database.transaction() as connection:
        proved(connection, site.hub, good, AT)


def test_an_id_is_never_given_to_a_second_device(database: Database, site: Site) -> None:
    text = proof(site, "C0:FF:EE:00:00:42", device=site.cuff)
    with database.transaction() as connection:
        hub = homes.find_hub(connection, site.hub)
        new = proved(connection, site.hub, text, AT).pairing(site.patient, None, None)
    with pytest.raises(Conflict, match="Another device"), database.transaction() as connection:
        homes.pair_device(connection, hub, new)
