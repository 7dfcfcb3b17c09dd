"""What every HubAuthority keeps: our own CA, and one elsewhere over EST on real TLS."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge_agent.identity.keys import make_tls_key
from gateway.errors import AuthorityRefused, AuthorityUnavailable
from gateway.identity.authority import make_authority
from gateway.identity.est import EstAuthority
from gateway.identity.own import OwnAuthority
from gateway.identity.requests import check_answer, read_request
from gateway.ports import HubAuthority
from tests.fixtures.est_server import PASSWORD, USER, EstServer, Wanted, est_server

# The one is a server on real TLS, on loopback.
pytestmark = pytest.mark.enable_socket

NOW = datetime.now(UTC).replace(microsecond=0)
HUB = uuid4()


@pytest.fixture
def est(tmp_path: Path) -> Iterator[EstServer]:
    with est_server(tmp_path, lambda: NOW) as server:
        yield server


def over_est(server: EstServer) -> EstAuthority:
    return EstAuthority(server.url, server.trust, USER, PASSWORD)


@pytest.fixture(params=["own", "est"])
def authority(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HubAuthority]:
    with ExitStack() as running:
        if request.param == "own":
            yield OwnAuthority(make_authority("Test CA", NOW))
        else:
            yield over_est(running.enter_context(est_server(tmp_path, lambda: NOW)))


def asked(hub: UUID = HUB) -> x509.CertificateSigningRequest:
    return read_request(make_tls_key(hub).csr, hub)


@pytest.mark.parametrize("again", [False, True])
def test_it_certifies_what_was_asked_and_no_more(authority: HubAuthority, again: bool) -> None:
    request = asked()
    found = x509.load_pem_x509_certificate(authority.certify(request, HUB, NOW, again=again))
    check_answer(found, request, HUB, NOW)
    assert found.not_valid_before_utc <= NOW - timedelta(hours=1)


def test_its_anchors_verify_its_certificates(authority: HubAuthority) -> None:
    found = x509.load_pem_x509_certificate(authority.certify(asked(), HUB, NOW, again=False))
    (anchor,) = x509.load_pem_x509_certificates(authority.anchors())
    found.verify_directly_issued_by(anchor)


def test_no_two_certificates_have_one_number(authority: HubAuthority) -> None:
    request = asked()
    numbers = {
        x509.load_pem_x509_certificate(
            authority.certify(request, HUB, NOW, again=True)
        ).serial_number
        for _ in range(5)
    }
    assert len(numbers) == 5


def test_est_enrolls_and_reenrolls(est: EstServer) -> None:
    over_est(est).certify(asked(), HUB, NOW, again=False)
    over_est(est).certify(asked(), HUB, NOW, again=True)
    assert est.asked == ["simpleenroll", "simplereenroll"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (202, AuthorityUnavailable),
        (400, AuthorityRefused),
        (404, AuthorityRefused),
        (503, AuthorityUnavailable),
    ],
)
def test_est_that_does_not_answer_with_a_certificate(
    est: EstServer, status: int, error: type[Exception]
) -> None:
    est.status = status
    with pytest.raises(error):
        over_est(est).certify(asked(), HUB, NOW, again=False)


def test_est_by_a_wrong_password(est: EstServer) -> None:
    with pytest.raises(AuthorityRefused, match="401"):
        replace(over_est(est), password="wrong").certify(asked(), HUB, NOW, again=False)


def test_est_that_somebody_else_plays(est: EstServer, tmp_path: Path) -> None:
    other = tmp_path / "other.crt"
    other.write_bytes(make_authority("Another CA", NOW).certificate)
    with pytest.raises(AuthorityUnavailable):
        replace(over_est(est), trust=other).certify(asked(), HUB, NOW, again=False)
    assert est.asked == []  # nobody heard the password


def test_est_that_is_away(est: EstServer) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(AuthorityUnavailable):
            replace(over_est(est), url=url).anchors()


def _another_name(_: object, wanted: Wanted) -> Wanted:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(uuid4()))])
    return replace(wanted, subject=name)


def _another_key(_: object, wanted: Wanted) -> Wanted:
    return replace(wanted, key=ec.generate_private_key(ec.SECP256R1()).public_key())


def _for_years(_: object, wanted: Wanted) -> Wanted:
    return replace(wanted, life=timedelta(days=400))


def _for_an_hour(_: object, wanted: Wanted) -> Wanted:
    return replace(wanted, life=timedelta(hours=1))


def _as_a_server(_: object, wanted: Wanted) -> Wanted:
    return replace(wanted, purpose=ExtendedKeyUsageOID.SERVER_AUTH)


@pytest.mark.parametrize(
    "change", [_another_name, _another_key, _for_years, _for_an_hour, _as_a_server]
)
def test_est_that_certifies_something_else_is_not_believed(
    est: EstServer, change: "type[object]"
) -> None:
    est.change = change  # type: ignore[assignment]
    with pytest.raises(AuthorityRefused):
        over_est(est).certify(asked(), HUB, NOW, again=False)
