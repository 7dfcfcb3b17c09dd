"""Sealing keys and their root: made once, signed, told to hubs, never from private files."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.wire.key_record import read_recipients
from device_profiles.wire.keys import Suite
from gateway.errors import Conflict, WrongInput
from gateway.identity import keys
from gateway.identity.files import make_site_keys
from gateway.identity.keys_live import LiveRecipients
from gateway.identity.public import read_public
from gateway.identity.records import read_records, recipients_text, signed_recipient_records
from gateway.identity.root import make_root, read_root_key, trust_root
from gateway.identity.root_public import read_root_public

NOW = datetime(2026, 11, 22, 7, 0, 0, 123_456, tzinfo=UTC)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site with a root that has signed its first keys."""
    folder, root = tmp_path / "keys", tmp_path / "root"
    make_site_keys(folder, ["127.0.0.1"], NOW)
    make_root(root)
    key = read_root_key(root)
    trust_root(folder, key.public_key())
    keys.accept_records(folder, keys.sign_keys(keys.unsigned_keys(folder), key))
    return folder


@pytest.fixture
def root(site: Path, tmp_path: Path) -> Ed25519PrivateKey:
    assert site.exists()
    return read_root_key(tmp_path / "root")


def test_the_keys_that_a_site_began_with_are_signed(site: Path, root: Ed25519PrivateKey) -> None:
    assert keys.unsigned_keys(site) == ()
    for suite in Suite:
        file = signed_recipient_records(site, suite)
        assert file is not None
        (record,) = read_recipients(recipients_text(file), root.public_key())
        assert record.suite is suite


def test_hubs_are_told_without_any_private_key(site: Path) -> None:
    for name in ("recipients.json", "ca.key", "receipt.key"):
        (site / name).unlink()
    told = signed_recipient_records(site, Suite.MLKEM768_X25519)
    assert told is not None
    assert "private" not in recipients_text(told)


def test_a_rotation_adds_a_key_of_each_suite_for_hubs_and_for_ingest(
    site: Path, root: Ed25519PrivateKey
) -> None:
    live = LiveRecipients(site / keys.PRIVATE)
    assert len(live) == 2
    made = keys.rotate(site, root, NOW + timedelta(days=90))
    assert {one.suite for one in made} == set(Suite)
    assert {one.kid for one in made} < set(live)
    assert len(live) == 4
    for suite in Suite:
        told = signed_recipient_records(site, suite)
        assert told is not None
        assert [one.kid in {new.kid for new in made} for one in told.records] == [True]
    assert len(read_public(site).recipients) == 4


def test_a_rotation_may_be_signed_on_a_machine_without_a_network(
    site: Path, root: Ed25519PrivateKey
) -> None:
    carried = keys.dump_request(keys.request_keys(site, NOW + timedelta(days=90)))
    assert "private" not in carried.decode()
    assert {record.public for record in read_records(site)}.isdisjoint(
        record.public for record in keys.load_request(carried)
    )
    back = keys.dump_signed(keys.sign_keys(keys.load_request(carried), root))
    assert len(keys.accept_records(site, keys.load_signed(back))) == 2
    assert keys.accept_records(site, keys.load_signed(back)) == ()
    assert len(read_records(site)) == 4


def test_another_root_signs_nothing_for_this_site(site: Path, tmp_path: Path) -> None:
    make_root(tmp_path / "other")
    other = read_root_key(tmp_path / "other")
    with pytest.raises(WrongInput, match="not the root"):
        keys.rotate(site, other, NOW)
    with pytest.raises(WrongInput, match="has not signed"):
        keys.accept_records(site, keys.sign_keys(keys.request_keys(site, NOW), other))
    with pytest.raises(Conflict, match="another root"):
        trust_root(site, other.public_key())
    assert read_root_public(site) == read_root_key(tmp_path / "root").public_key()


def test_a_key_of_another_site_is_not_taken(
    site: Path, root: Ed25519PrivateKey, tmp_path: Path
) -> None:
    make_site_keys(tmp_path / "elsewhere", ["127.0.0.1"], NOW)
    foreign = keys.sign_keys(keys.unsigned_keys(tmp_path / "elsewhere"), root)
    with pytest.raises(WrongInput, match="was not made by this site"):
        keys.accept_records(site, foreign)


def test_a_root_is_made_once(tmp_path: Path) -> None:
    make_root(tmp_path)
    before = (tmp_path / "root.key").read_bytes()
    with pytest.raises(WrongInput, match="never made twice"):
        make_root(tmp_path)
    assert (tmp_path / "root.key").read_bytes() == before
    assert (tmp_path / "root.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"-----BEGIN", b"\xff"])
def test_a_broken_root_is_named_and_not_quoted(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "root.key").write_bytes(content)
    with pytest.raises(WrongInput, match="other copy"):
        read_root_key(tmp_path)


def test_a_destroyed_key_is_in_no_file_and_no_memory(site: Path, root: Ed25519PrivateKey) -> None:
    live = LiveRecipients(site / keys.PRIVATE)
    old = {record.kid for record in read_records(site)}
    private = {one["private"] for one in json.loads((site / keys.PRIVATE).read_bytes())}
    assert old == set(live)
    keys.rotate(site, root, NOW + timedelta(days=90))
    keys.destroy_keys(site, old)
    assert old.isdisjoint(live)
    left = [path.read_bytes() for path in site.iterdir()]
    assert not any(secret.encode() in text for secret in private for text in left)
    assert len(read_public(site).recipients) == 2


def test_a_key_file_that_is_half_written_leaves_ingest_what_it_has(site: Path) -> None:
    live = LiveRecipients(site / keys.PRIVATE)
    (site / keys.PRIVATE).write_bytes(b"[")
    assert len(live) == 2
