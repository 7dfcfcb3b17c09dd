"""The API as hubs meet it: its own process, real TLS, and no private sealing key anywhere near."""

import json
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pytest

from device_profiles.wire.enrolment import (
    CertificateAnswer,
    Invitation,
    RecoverRequest,
    RenewRequest,
    endpoint,
    recover_message,
)
from edge_agent.errors import EdgeError
from edge_agent.identity.api import (
    GatewayApi,
    GatewayRefused,
    GatewayUnavailable,
    WrongGateway,
    pinned_authority,
)
from edge_agent.identity.durable import Durable
from edge_agent.identity.enrol import check_free, enrol, settle
from edge_agent.identity.hub import read_identity, signing_key
from edge_agent.identity.keys import make_tls_key
from edge_agent.identity.login import shown_files
from edge_agent.identity.renew import Renewal
from gateway.enrolment.confirm import confirm
from gateway.identity.authority import certify_hub
from gateway.storage.certificates import record_certificate, revoke_certificates
from gateway.storage.database import Database
from tests.integration.enrolment.door import PRIVATE, Door, open_door
from tests.integration.enrolment.parts import Box


@pytest.fixture
def door(embedded_database: Database, tmp_path: Path) -> Iterator[Door]:
    with open_door(embedded_database, tmp_path) as running:
        yield running


def invited(door: Door) -> Invitation:
    told = door.office.invite(datetime.now(UTC))
    return told.model_copy(update={"url": door.url})


def become_hub(door: Door, path: Path) -> tuple[Durable, Invitation]:
    """Do all that `hearthline-edge enroll` does, and what the technician does."""
    invitation, folder = invited(door), Durable(path)
    path.mkdir()
    authority = pinned_authority(invitation.url, invitation.pin)
    digits = enrol(folder, invitation, authority, GatewayApi(door.url, authority))
    work = GatewayApi(door.url, authority, (path / "enrolment" / "hub.pem", None))
    with pytest.raises(GatewayRefused) as refused:
        work.files()
    assert refused.value.code == "not_confirmed"
    confirm(door.office.database, invitation.hub, digits, "tester", datetime.now(UTC))
    settle(folder, invitation, work.files())
    return folder, invitation


def test_a_box_becomes_a_hub_and_renews(door: Door, tmp_path: Path) -> None:
    assert not any((tmp_path / "gateway" / "keys" / name).exists() for name in PRIVATE)
    folder, invitation = become_hub(door, tmp_path / "hub")
    identity = read_identity(folder.path)
    assert identity.hub_file.hub == invitation.hub
    assert identity.hub_file.api is not None
    assert {path.name for path in folder.path.iterdir()} == {
        *("ca.crt", "hub.pem", "hub.toml", "signing.key")
    }
    work = Renewal(
        folder,
        identity.hub_file,
        signing_key(folder.path / "signing.key"),
        lambda shown: GatewayApi(door.url, door.authority, shown_files(folder) if shown else None),
    )
    assert not work.renew(datetime.now(UTC))
    assert work.renew(datetime.now(UTC) + timedelta(days=5))
    assert folder.has("hub.next.pem")
    assert work.refresh() == (identity.hub_file.api != door.url)  # by the renewed certificate
    assert "recipients.json" not in door.log.read_text()


def test_fifty_boxes_at_once_over_tls_get_one_certificate(door: Door) -> None:
    invitation = invited(door)

    def attempt(box: Box) -> CertificateAnswer | EdgeError:
        api = GatewayApi(door.url, door.authority)
        try:
            return api.enrol(box.request(invitation.token, api.nonce()))
        except EdgeError as error:
            return error

    with ThreadPoolExecutor(50) as pool:
        results = list(pool.map(attempt, [Box.new(invitation.hub) for _ in range(50)]))
    refused = {one.code for one in results if isinstance(one, GatewayRefused)}
    assert refused == {"token_refused"}
    assert sum(isinstance(one, CertificateAnswer) for one in results) == 1
    assert sum(isinstance(one, GatewayRefused) for one in results) == 49
    assert door.office.certificates(invitation.hub) == 1


def test_nothing_is_told_to_a_gateway_with_another_pin(door: Door) -> None:
    with pytest.raises(WrongGateway):
        pinned_authority(door.url, bytes(32))


def test_renewal_and_files_want_a_certificate(door: Door) -> None:
    box = door.office.active_box(datetime.now(UTC))
    bare = GatewayApi(door.url, door.authority)
    for call in (bare.files, lambda: bare.renew(RenewRequest(csr=make_tls_key(box.hub).csr))):
        with pytest.raises(GatewayRefused) as refused:
            call()
        assert (refused.value.status, refused.value.code) == (401, "certificate_missing")


def showing(door: Door, box: Box, path: Path, begun: datetime) -> GatewayApi:
    """Return the API as a hub sees it whose certificate began then."""
    pem = certify_hub(door.office.ca, box.hub, box.tls.key.public_key(), begun, timedelta(days=7))
    with door.office.database.transaction() as connection:
        record_certificate(connection, box.hub, pem, "renew", begun)
    path.write_bytes(box.tls.certified(pem.decode()))
    return GatewayApi(door.url, door.authority, (path, None))


def test_a_revoked_certificate_gets_nothing(door: Door, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    box = door.office.active_box(now)
    api = showing(door, box, tmp_path / "hub.pem", now)
    assert api.files().hub_file
    with door.office.database.transaction() as connection:
        revoke_certificates(connection, box.hub, "stolen", now)
    for call in (api.files, lambda: api.renew(RenewRequest(csr=make_tls_key(box.hub).csr))):
        with pytest.raises(GatewayRefused) as refused:
            call()
        assert refused.value.code == "refused"


def test_a_certificate_renews_its_own_hub_only_and_with_a_new_key(
    door: Door, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    one, other = door.office.active_box(now), door.office.active_box(now)
    api = showing(door, one, tmp_path / "hub.pem", now)
    for csr in (make_tls_key(other.hub).csr, one.tls.csr):
        with pytest.raises(GatewayRefused) as refused:
            api.renew(RenewRequest(csr=csr))
        assert refused.value.code == "request_refused"


def recover(door: Door, box: Box, expired: str, **change: Any) -> CertificateAnswer:
    api, csr = GatewayApi(door.url, door.authority), make_tls_key(box.hub).csr
    nonce = api.nonce()
    proof = box.signing.sign(recover_message(box.hub, expired, csr, nonce))
    asked = RecoverRequest(hub=box.hub, expired=expired, csr=csr, nonce=nonce, proof=proof)
    return api.recover(asked.model_copy(update=change))


def certificate_text(path: Path) -> str:
    return path.read_text().split("-----BEGIN PRIVATE")[0]


def test_an_expired_hub_recovers_once_and_is_noted(door: Door, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    box, path = door.office.active_box(now), tmp_path / "hub.pem"
    api = showing(door, box, path, now - timedelta(days=20))
    with pytest.raises(GatewayUnavailable):  # TLS itself refuses it
        api.files()
    expired = certificate_text(path)
    with pytest.raises(GatewayRefused) as refused:
        recover(door, box, expired, proof=bytes(64))
    assert refused.value.code == "unproven_key"
    assert recover(door, box, expired).state == "active"
    with pytest.raises(GatewayRefused) as refused:
        recover(door, box, expired)
    assert refused.value.code == "too_late"
    assert door.office.events(box.hub) == ["expired_hub_recovered"]


@pytest.mark.parametrize(("begun", "code"), [(40, "too_late"), (3, "request_refused")])
def test_recovery_has_its_time(door: Door, tmp_path: Path, begun: int, code: str) -> None:
    now = datetime.now(UTC)
    box, path = door.office.active_box(now), tmp_path / "hub.pem"
    showing(door, box, path, now - timedelta(days=begun))
    with pytest.raises(GatewayRefused) as refused:
        recover(door, box, certificate_text(path))
    assert refused.value.code == code


def test_a_revoked_hub_does_not_recover(door: Door, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    box, path = door.office.active_box(now), tmp_path / "hub.pem"
    showing(door, box, path, now - timedelta(days=20))
    with door.office.database.transaction() as connection:
        connection.execute("UPDATE hub SET state = 'revoked' WHERE id = %s", [box.hub])
    with pytest.raises(GatewayRefused) as refused:
        recover(door, box, certificate_text(path))
    assert refused.value.code == "refused"


def raw(door: Door, method: str, path: str, body: bytes = b"") -> tuple[int, str, Any]:
    context = ssl.create_default_context(cadata=door.authority.decode())
    with closing(HTTPSConnection(*endpoint(door.url), context=context)) as connection:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], json.loads(answer.read())


def test_every_error_is_a_problem_that_quotes_nothing(door: Door) -> None:
    secret = "5ec2e7" * 6
    for method, path, body, status in (
        ("GET", "/nothing", b"", 404),
        ("DELETE", "/hub/v1/nonce", b"", 405),
        ("POST", "/hub/v1/simpleenroll", b"{", 422),
        ("POST", "/hub/v1/simpleenroll", json.dumps({"token": secret}).encode(), 422),
        ("POST", "/hub/v1/simpleenroll", b"x" * 100_000, 413),
    ):
        got, media_type, problem = raw(door, method, path, body)
        assert (got, media_type) == (status, "application/problem+json"), path
        assert problem["status"] == status
        assert secret not in json.dumps(problem)
    assert secret not in door.log.read_text()


def test_tls_before_1_3_is_refused(door: Door) -> None:
    context = ssl.create_default_context(cadata=door.authority.decode())
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        closing(HTTPSConnection(*endpoint(door.url), context=context)) as connection,
        pytest.raises(ssl.SSLError),
    ):
        connection.connect()


def test_a_box_that_is_a_hub_is_not_made_another(door: Door, tmp_path: Path) -> None:
    folder, invitation = become_hub(door, tmp_path / "hub")
    check_free(folder, invitation.hub)
    with pytest.raises(EdgeError, match="already"):
        check_free(folder, invited(door).hub)
