"""A site's keys: made once, private, renewed in time, serving the hosts that are asked for."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from device_profiles.wire.keys import Suite
from gateway.errors import WrongInput
from gateway.identity.files import SiteKeys, make_site_keys

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def certificate(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())


def test_what_is_there_stays_as_it_is(tmp_path: Path) -> None:
    make_site_keys(tmp_path, ["127.0.0.1"], NOW)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    make_site_keys(tmp_path, ["127.0.0.1"], NOW + timedelta(days=30))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    make_site_keys(tmp_path, ["127.0.0.1"], NOW)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_service_certificates_are_renewed_in_time_and_by_the_same_authority(tmp_path: Path) -> None:
    make_site_keys(tmp_path, ["127.0.0.1"], NOW)
    later = NOW + timedelta(days=330)
    make_site_keys(tmp_path, ["127.0.0.1"], later)
    authority = certificate(tmp_path, "ca")
    for name in ("broker", "ingest-0", "ingest-f"):
        renewed = certificate(tmp_path, name)
        assert renewed.not_valid_after_utc > later + timedelta(days=300)
        renewed.verify_directly_issued_by(authority)


def test_another_host_gives_the_broker_another_certificate(tmp_path: Path) -> None:
    make_site_keys(tmp_path, ["127.0.0.1"], NOW)
    make_site_keys(tmp_path, ["broker.example", "127.0.0.1"], NOW)
    names = certificate(tmp_path, "broker").extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert {str(name.value) for name in names.value} == {"broker.example", "127.0.0.1"}


def test_both_suites_have_a_key_that_opens_what_its_public_half_seals(tmp_path: Path) -> None:
    keys = make_site_keys(tmp_path, ["127.0.0.1"], NOW)
    recipients = keys.recipients()
    for suite in Suite:
        (record,) = keys.recipient_records(suite)
        (private,) = [key for key in recipients.values() if key.suite is suite]
        assert private.public().raw == record.public


def test_a_missing_key_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match="hearthline-gateway migrate"):
        SiteKeys(tmp_path).recipients()
