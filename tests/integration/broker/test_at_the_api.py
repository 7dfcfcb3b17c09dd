"""The API and a revoked hub; the API and keys that it only passes on."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from device_profiles.wire.enrolment import RecoverRequest, RenewRequest, recover_message
from device_profiles.wire.keys import Suite
from edge_agent.identity.keys import make_tls_key
from edge_agent.identity.recipients import Recipients, install_recipients
from gateway.api.serve import _files
from gateway.errors import Conflict, GatewayError
from gateway.identity import keys
from gateway.identity.files import make_site_keys
from gateway.identity.root import make_root, read_root_key, trust_root
from gateway.settings import Settings
from gateway.storage import homes, revocations
from gateway.storage.certificates import newest
from gateway.storage.database import Database
from tests.fixtures.hub import make_kit
from tests.fixtures.site import make_site
from tests.integration.enrolment.parts import START, Box, Office, make_office

DAY = timedelta(days=1)


@pytest.fixture
def office(embedded_database: Database) -> Office:
    return make_office(embedded_database)


def revoke(office: Office, hub: Box) -> None:
    with office.database.transaction() as connection:
        assert revocations.refuse(connection, hub.hub, "stolen", "tester")


def certificate(office: Office, box: Box) -> x509.Certificate:
    with office.database.transaction() as connection:
        found = newest(connection, box.hub)
    assert found is not None
    return x509.load_pem_x509_certificate(found.pem.encode())


def test_a_revoked_hub_gets_no_certificate_by_any_door(office: Office) -> None:
    box = office.active_box()
    token = office.reinvite(box.hub).token
    shown = certificate(office, box)
    revoke(office, box)
    pem = shown.public_bytes(Encoding.PEM).decode()
    csr = make_tls_key(box.hub).csr
    nonce, late = office.nonces.new(START + 8 * DAY), START + 8 * DAY
    proof = box.signing.sign(recover_message(box.hub, pem, csr, nonce))
    asked = RecoverRequest(hub=box.hub, expired=pem, csr=csr, nonce=nonce, proof=proof)
    doors: list[Callable[[], object]] = [
        lambda: office.renewal.renew(shown, RenewRequest(csr=csr), START + DAY),
        lambda: office.renewal.recover(asked, late),
        lambda: office.enrol(box, token, START + timedelta(minutes=1)),
        lambda: office.enrol(Box.new(box.hub), token, START + timedelta(minutes=1)),
    ]
    for door in doors:
        with pytest.raises(GatewayError):
            door()
    with pytest.raises(Conflict, match="revoked"):
        office.reinvite(box.hub)
    with office.database.transaction() as connection:
        assert newest(connection, box.hub) is None


def test_signed_keys_reach_a_hub_through_a_process_that_has_no_private_one(
    embedded_database: Database, tmp_path: Path
) -> None:
    folder, now = tmp_path / "keys", datetime.now(UTC)
    make_site_keys(folder, ["127.0.0.1"], now - 91 * DAY)
    make_root(tmp_path / "root")
    root = read_root_key(tmp_path / "root")
    trust_root(folder, root.public_key())
    keys.accept_records(folder, keys.sign_keys(keys.unsigned_keys(folder), root))
    made = {one.suite: one.public for one in keys.rotate(folder, root, now - DAY)}
    for name in ("recipients.json", "receipt.key", "ca.key"):
        (folder / name).unlink()
    site, settings = make_site(embedded_database), Settings(home=tmp_path)
    with embedded_database.transaction() as connection:
        told = _files(settings, connection, homes.find_hub(connection, site.hub))
    assert told.recipients is not None
    assert told.root is not None
    hub, hub_file = tmp_path / "hub", make_kit().hub_file
    hub.mkdir()
    install_recipients(hub, hub_file, told.recipients, told.root)
    (believed,) = Recipients(hub, hub_file).records()
    assert believed.public == made[Suite.X25519]
