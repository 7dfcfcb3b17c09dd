"""From the text of a QR code to a reading, by the real programs over TLS; then renewal, a new
device, and a box that takes the hub's place."""

import json
import re
import tomllib
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from uuid import UUID, uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from device_profiles.reading import Kind
from device_profiles.wire.pairing import PairingProof
from edge_agent.identity.hub import read_hub_file, signing_key
from gateway.identity.authority import certify_hub
from gateway.identity.files import SiteKeys
from gateway.storage.certificates import record_certificate
from simulators.home_file import HomeFile
from simulators.programs import ProgramFailed
from simulators.site import Home
from tests.fixtures.clinic import Clinic, digits_in, edge, enrol
from tests.fixtures.promises import Keep
from tests.fixtures.whole_site import SECRETS, ZONE, cuff, wait_for


def start_home(folder: Path, hub: str, running: ExitStack) -> Home:
    home_file = HomeFile.model_validate({"seed": 1, "zone": ZONE, "devices": [cuff(40, 2)]})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "home.json").write_text(home_file.model_dump_json())
    home = Home(folder, hub, settings={"HEARTHLINE_RENEW_SECONDS": "2"})
    running.callback(home.stop)
    home.start_radio()
    home.start_agent()
    return home


def serial(path: Path) -> int:
    return x509.load_pem_x509_certificate(path.read_bytes()).serial_number


def make_due(clinic: Clinic, hub: str, path: Path) -> int:
    """Give the hub a certificate that is six days old; return its number."""
    authority = SiteKeys(clinic.gateway.folder / "gateway" / "keys").authority()
    key = load_pem_private_key(path.read_bytes(), None)
    begun = datetime.now(UTC) - timedelta(days=6)
    public = x509.load_pem_x509_certificate(path.read_bytes()).public_key()
    pem = certify_hub(authority, UUID(hub), public, begun, timedelta(days=7))
    with clinic.database().transaction() as connection:
        record_certificate(connection, UUID(hub), pem, "renew", begun)
    old = path.read_bytes()
    private = old[old.index(b"-----BEGIN PRIVATE KEY") :]
    assert key is not None
    path.write_bytes(pem + private)
    return serial(path)


def test_from_the_code_to_a_reading_and_on(clinic: Clinic, tmp_path: Path, promise: Keep) -> None:
    begun = monotonic()
    since = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%dT%H:%M:%S}"
    device = f"--device={SECRETS['cuff']},generic_cuff,{clinic.patient}"
    told = clinic.invite(device, "--since", since)
    folder = tmp_path / "home"
    enrol(clinic, told, folder)
    hub = told["hub"]
    assert clinic.state(hub) == "active"
    active_s = monotonic() - begun
    with ExitStack() as running:
        home = start_home(folder, hub, running)
        page = tmp_path / "receipt.html"
        receipt = clinic.gateway.call("hub", "receipt", hub, "--wait", "60", "--html", str(page))
        _check_receipt(clinic, receipt, page)
        promise(
            "token-once", qr_to_active_s=round(active_s, 1), to_receipt_s=receipt["evaluated_s"]
        )

        old = make_due(clinic, hub, folder / "hub" / "hub.pem")
        wait_for(lambda: serial(folder / "hub" / "hub.pem") != old, "renewed and proven", 60)
        assert not (folder / "hub" / "hub.next.pem").exists()

        # A device that is paired at the gateway reaches the hub by itself.
        assert SECRETS["meter"] not in (folder / "hub" / "hub.toml").read_text()
        clinic.gateway.call(
            *("hub", "pair", hub, "--patient", clinic.patient, "--proof", proof(folder / "hub")),
        )
        log = folder / "hub.log"
        wait_for(lambda: '"restarts": true' in log.read_text(), "begins anew", 60)
        wait_for(lambda: log.read_text().count('"event": "uplink_connected"') >= 3, "is back", 30)
        assert SECRETS["meter"] in (folder / "hub" / "hub.toml").read_text()
        assert home.agent is not None
        assert home.agent.running
        home.agent.stop()
        _check_replacement(clinic, hub, tmp_path / "second")


def proof(hub_dir: Path) -> str:
    """Return what `hearthline-edge pair` would print for the meter."""
    return PairingProof(
        hub=read_hub_file(hub_dir).hub,
        device=uuid4(),
        address=SECRETS["meter"],
        profile="generic_glucometer",
        kind=Kind.GLUCOSE,
    ).signed(signing_key(hub_dir / "signing.key"))


def _check_receipt(clinic: Clinic, receipt: dict[str, object], page: Path) -> None:
    steps = {step["step"]: step["at"] for step in receipt["steps"]}  # type: ignore[attr-defined]
    for name in ("invited", "enrolled", "confirmed", "indicated", "stored", "evaluated"):
        assert steps[name], name
    assert steps["test task closed"] >= steps["test task"] >= steps["evaluated"]
    assert "Installation receipt" in page.read_text()
    assert SECRETS["name"] not in page.read_text() + json.dumps(receipt)
    assert "137" not in page.read_text()  # no value
    kept = clinic.gateway.call("hub", "receipt", str(receipt["hub"]), "--again")
    assert kept == receipt


def _check_replacement(clinic: Clinic, old: str, folder: Path) -> None:
    before = len(clinic.gateway.call("readings", "--limit", "1000"))
    card = folder / "enroll.toml"
    told = clinic.gateway.call("hub", "replace", old, "--enroll-toml", str(card))
    assert clinic.state(old) == "revoked"
    assert tomllib.loads(card.read_text()) == {"invitation": told["invitation"]}
    enrol(clinic, {**told, "invitation": str(card)}, folder)
    with ExitStack() as running:
        start_home(folder, told["hub"], running)
        receipt = clinic.gateway.call("hub", "receipt", told["hub"], "--wait", "60")
    assert receipt["hub"] == told["hub"]
    after = clinic.gateway.call("readings", "--limit", "1000")
    assert len(after) > before  # the old ones are there still
    assert {row["patient"] for row in after} == {clinic.patient}


def test_a_card_with_an_invitation_makes_a_hub_by_itself(clinic: Clinic, tmp_path: Path) -> None:
    folder = tmp_path / "card"
    (folder / "hub").mkdir(parents=True)
    card = folder / "hub" / "enroll.toml"
    told = clinic.invite("--enroll-toml", str(card), "--qr", str(tmp_path / "code.svg"))
    assert (tmp_path / "code.svg").read_text().startswith("<?xml")
    box = edge(folder, "run")
    assert box.stdout is not None
    try:
        clinic.gateway.call("hub", "confirm", told["hub"], digits_in(box.stdout.readline))
        wait_for(lambda: clinic.heard(told["hub"]), "the hub is heard of", 60)
        assert not card.exists()
    finally:
        box.terminate()
        box.communicate(timeout=30)


def test_wrong_invitations_are_told_in_one_line(clinic: Clinic, tmp_path: Path) -> None:
    told = clinic.invite()
    other_pin = re.sub(r"f=[^&]+", "f=" + "A" * 43, told["invitation"])
    for text, code, said in (
        ("hln:1?u=nothing", 2, "not whole"),
        (str(tmp_path / "nothing.toml"), 2, "No such file"),
        (other_pin, 1, "not the gateway of this invitation"),
    ):
        box = edge(tmp_path / "box", "enroll", text)
        out, _ = box.communicate(timeout=60)
        assert (box.returncode, out.count("\n")) == (code, 1), out
        assert said in out
        assert told["invitation"] not in out
    with pytest.raises(ProgramFailed, match="no box waits"):
        clinic.gateway.call("hub", "confirm", told["hub"], "123456")
