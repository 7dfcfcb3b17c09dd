"""Which sealing keys a hub believes: signed by its root, not weaker, not older."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import tomli_w
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.wire.hub_file import HubFile, RecipientRecord
from device_profiles.wire.key_record import BadRecord, RecipientsFile, read_recipients, sign_record
from device_profiles.wire.keys import RecipientPrivate, Suite
from edge_agent.errors import WrongInput
from edge_agent.identity.recipients import Recipients, install_recipients
from edge_agent.spool.seal import newest
from tests.fixtures.hub import ALWAYS, make_kit, trusted_clock

ROOT = Ed25519PrivateKey.generate()
ROOT_TEXT = ROOT.public_key().public_bytes_raw().hex() + "\n"
BEGIN = datetime(2026, 11, 1, tzinfo=ALWAYS[0].tzinfo)


def record(suite: Suite = Suite.X25519, days: int = 0) -> RecipientRecord:
    begins = BEGIN + timedelta(days=days)
    return RecipientRecord(
        suite=suite,
        public=RecipientPrivate.generate(suite).public().raw,
        not_before=begins,
        not_after=begins + timedelta(days=3650),
    )


def text(*records: RecipientRecord, root: Ed25519PrivateKey = ROOT) -> str:
    file = RecipientsFile(records=tuple(sign_record(one, root) for one in records))
    return tomli_w.dumps(file.model_dump(mode="json"))


@pytest.fixture
def hub_file() -> HubFile:
    return make_kit().hub_file


def write(folder: Path, content: str, root: str = ROOT_TEXT) -> None:
    (folder / "recipients.toml").write_text(content)
    (folder / "root.pub").write_text(root)


def test_without_a_root_hub_toml_counts(tmp_path: Path, hub_file: HubFile) -> None:
    assert Recipients(tmp_path, hub_file).records() == hub_file.recipients


def test_with_a_root_only_what_it_signed_counts(tmp_path: Path, hub_file: HubFile) -> None:
    one, two = record(), record(days=10)
    write(tmp_path, text(one, two))
    believed = Recipients(tmp_path, hub_file).records()
    assert believed == (one, two)
    assert newest(believed, trusted_clock()) == two


def test_a_root_without_records_stops_the_start(tmp_path: Path, hub_file: HubFile) -> None:
    (tmp_path / "root.pub").write_text(ROOT_TEXT)
    with pytest.raises(WrongInput, match=r"recipients\.toml"):
        Recipients(tmp_path, hub_file)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (text(record(), root=Ed25519PrivateKey.generate()), "root has not signed"),
        (text(record()).replace("version = 1", "version = 2"), "version"),
        (text(record()) + 'more = "x"\n', "more"),
        ("records = []\n", "records"),
        ("", "records"),
        ("[[", "recipients"),
    ],
)
def test_what_the_root_did_not_sign_is_refused(
    tmp_path: Path, hub_file: HubFile, content: str, why: str
) -> None:
    write(tmp_path, content)
    with pytest.raises(WrongInput, match=why):
        Recipients(tmp_path, hub_file)


def test_a_key_of_a_lower_suite_is_refused(tmp_path: Path) -> None:
    strong = make_kit(suite=Suite.MLKEM768_X25519).hub_file
    write(tmp_path, text(record(Suite.MLKEM768_X25519), record(Suite.X25519, days=10)))
    with pytest.raises(WrongInput, match="lower suite"):
        Recipients(tmp_path, strong)


def test_a_new_file_is_taken_while_the_hub_runs(tmp_path: Path, hub_file: HubFile) -> None:
    old, new = record(), record(days=10)
    write(tmp_path, text(old))
    believed = Recipients(tmp_path, hub_file)
    install_recipients(tmp_path, hub_file, text(old, new), ROOT_TEXT)
    assert believed.records() == (old, new)


def test_a_worse_file_changes_nothing(tmp_path: Path, hub_file: HubFile) -> None:
    old, new = record(), record(days=10)
    write(tmp_path, text(old, new))
    believed = Recipients(tmp_path, hub_file)
    for worse in (text(old), "", text(record(days=20), root=Ed25519PrivateKey.generate())):
        write(tmp_path, worse)
        assert believed.records() == (old, new)
    newer = record(days=20)
    write(tmp_path, text(newer))
    assert believed.records() == (newer,)


def test_what_the_gateway_sends_is_checked_before_it_is_kept(
    tmp_path: Path, hub_file: HubFile
) -> None:
    old, new = record(), record(days=10)
    install_recipients(tmp_path, hub_file, text(old, new), ROOT_TEXT)
    kept = (tmp_path / "recipients.toml").read_bytes()
    other = Ed25519PrivateKey.generate()
    other_text = other.public_key().public_bytes_raw().hex()
    for worse, root in (
        (text(old), ROOT_TEXT),
        (text(record(days=30), root=other), ROOT_TEXT),
        (text(record(days=30), root=other), other_text),
        (text(record(days=30)), "00"),
        ("", ROOT_TEXT),
    ):
        with pytest.raises(WrongInput):
            install_recipients(tmp_path, hub_file, worse, root)
    assert (tmp_path / "recipients.toml").read_bytes() == kept
    assert (tmp_path / "root.pub").read_text() == ROOT_TEXT


@given(data=st.data())
def test_a_changed_record_is_never_believed(data: st.DataObject) -> None:
    signed = sign_record(record(), ROOT)
    name = data.draw(st.sampled_from(["kid", "public", "signature", "not_before", "not_after"]))
    value = getattr(signed, name)
    if isinstance(value, bytes):
        at = data.draw(st.integers(0, 8 * len(value) - 1))
        flipped = bytearray(value)
        flipped[at // 8] ^= 1 << at % 8
        value = bytes(flipped)
    else:
        value += timedelta(seconds=data.draw(st.sampled_from([-3600, -1, 1, 86400])))
    file = RecipientsFile(records=(signed.model_copy(update={name: value}),))
    with pytest.raises(BadRecord):
        read_recipients(tomli_w.dumps(file.model_dump(mode="json")), ROOT.public_key())
