"""A site's keys: made once, private, renewed in time, serving the hosts that are asked for."""

import ssl
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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


def check_pairs(folder: Path) -> None:
    """Load every pair as its program does: a key of another certificate is refused."""
    for name in ("broker", "ingest-0", "ingest-f"):
        context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
        certificate(folder, name).verify_directly_issued_by(certificate(folder, "ca"))


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


@pytest.mark.parametrize(
    "cut", [lambda _: b"", lambda key: key[: len(key) // 2], None], ids=["empty", "half", "gone"]
)
def test_a_broken_service_key_is_made_again(
    tmp_path: Path, cut: Callable[[bytes], bytes] | None
) -> None:
    make_site_keys(tmp_path, ["127.0.0.1"], NOW)
    key = tmp_path / "ingest-0.key"
    key.write_bytes(cut(key.read_bytes())) if cut else key.unlink()
    make_site_keys(tmp_path, ["127.0.0.1"], NOW)
    check_pairs(tmp_path)


def test_a_power_cut_between_key_and_certificate_is_healed(tmp_path: Path) -> None:
    make_site_keys(tmp_path, ["127.0.0.1"], NOW)
    (tmp_path / "ingest-0.key").write_bytes((tmp_path / "ingest-f.key").read_bytes())
    with pytest.raises(ssl.SSLError, match="KEY_VALUES_MISMATCH"):
        check_pairs(tmp_path)
    make_site_keys(tmp_path, ["127.0.0.1"], NOW)
    check_pairs(tmp_path)


def test_programs_that_start_at_once_make_one_set_of_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = [pool.submit(make_site_keys, tmp_path, ["127.0.0.1"], NOW) for _ in range(4)]
        recipients = [set(keys.result().recipients()) for keys in made]
    check_pairs(tmp_path)
    assert recipients == [recipients[0]] * 4


@pytest.mark.parametrize("name", ["ca.crt", "ca.key", "receipt.key", "recipients.json"])
def test_a_broken_key_file_is_named_and_not_replaced(tmp_path: Path, name: str) -> None:
    keys = make_site_keys(tmp_path, ["127.0.0.1"], NOW)
    for content in (b"", b"[]", b"{", b'[{"suite": 9}]', b"-----BEGIN \xff"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(WrongInput, match=rf"{name} is broken; restore it from the backup"):
            keys.authority(), keys.receipt_key(), keys.recipients()
        assert (tmp_path / name).read_bytes() == content


@pytest.mark.parametrize("name", ["ca.crt", "ca.key", "receipt.key", "recipients.json"])
def test_what_a_site_lost_is_not_made_anew(tmp_path: Path, name: str) -> None:
    make_site_keys(tmp_path, ["127.0.0.1"], NOW)
    (tmp_path / name).unlink()
    with pytest.raises(WrongInput, match=f"no {name} in .*; restore it from the backup"):
        make_site_keys(tmp_path, ["127.0.0.1"], NOW)
    assert not (tmp_path / name).exists()


def test_a_start_that_was_cut_goes_on_with_what_is_there(tmp_path: Path) -> None:
    make_site_keys(tmp_path, ["127.0.0.1"], NOW)
    kept = (tmp_path / "receipt.key").read_bytes()
    for path in tmp_path.iterdir():
        if path.name not in ("receipt.key", "recipients.json", "ca.key"):
            path.unlink()
    make_site_keys(tmp_path, ["127.0.0.1"], NOW)
    check_pairs(tmp_path)
    assert (tmp_path / "receipt.key").read_bytes() == kept


def test_the_key_of_another_authority_is_refused(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        make_site_keys(folder, ["127.0.0.1"], NOW)
    (here / "ca.key").write_bytes((there / "ca.key").read_bytes())
    with pytest.raises(WrongInput, match=r"ca\.key is broken"):
        make_site_keys(here, ["127.0.0.1"], NOW)
