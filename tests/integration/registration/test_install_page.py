"""An installation, as the technician's telephone asks for it: from an empty box to the receipt."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.reading import Kind
from device_profiles.wire.enrolment import read_invitation
from device_profiles.wire.keys import RecipientPrivate, Suite
from device_profiles.wire.pairing import PairingProof
from gateway.access.rights import Role
from gateway.care.evaluate import evaluate_patients
from gateway.enrolment.enrol import Enrolment
from gateway.enrolment.nonces import Nonces
from gateway.identity.files import SiteKeys, make_site_keys
from gateway.identity.own import OwnAuthority
from gateway.ingest.batch import Keys
from gateway.storage import care_teams
from gateway.storage.rules import load_packs
from tests.fixtures.console import Console
from tests.fixtures.site import Site, blood_pressure, reading_body
from tests.integration.enrolment.parts import Box
from tests.integration.registration.test_register_page import registered

TECHNICIAN = Role.TECHNICIAN
DEVICE = UUID("00000000-0000-4000-8000-00000000000d")


@pytest.fixture(scope="module")
def nonces(console: Console) -> Nonces:
    """Make the site's keys, of which the console reads the CA's certificate."""
    make_site_keys(console.app.state.settings.keys, ["127.0.0.1"], datetime.now(UTC))
    return Nonces(b"n" * 32)


def post(console: Console, path: str, **fields: str) -> Any:
    return console.client(TECHNICIAN).post(path, data=fields)


def get(console: Console, path: str) -> str:
    return str(console.client(TECHNICIAN).get(path).text)


def begun(console: Console, given_name: str) -> tuple[str, str]:
    """Register a patient and begin; return the patient and the path of the installation."""
    patient = registered(console, given_name=given_name).rpartition("/")[2]
    assert given_name in get(console, "/install")
    answer = post(console, "/install", patient=patient)
    assert answer.status_code == 303
    return patient, str(answer.headers["location"])


def invited(console: Console, path: str) -> str:
    text = post(console, f"{path}/code").text
    found = re.search(r"hln:1\?[^<\"]+", text)
    assert found is not None
    return found[0].replace("&amp;", "&")


def enrolled(console: Console, nonces: Nonces, path: str) -> Box:
    now, told = datetime.now(UTC), read_invitation(invited(console, path))
    box = Box.new(told.hub)
    authority = OwnAuthority(SiteKeys(console.app.state.settings.keys).authority())
    office = Enrolment(console.database, authority, nonces)
    office.enrol(box.request(told.token, nonces.new(now)), now)
    return box


def stage(console: Console, path: str) -> str:
    found = re.search(r"checklist\?seen=(\w+)", get(console, path))
    return found[1] if found else "done"


def active(console: Console, nonces: Nonces, path: str) -> Box:
    box = enrolled(console, nonces, path)
    assert post(console, f"{path}/digits", typed=box.digits()).status_code == 303
    return box


def test_from_an_empty_box_to_the_receipt(console: Console, nonces: Nonces) -> None:
    patient, path = begun(console, "Hedy")
    hub = UUID(path.rpartition("/")[2])
    assert stage(console, path) == "invite"
    box = enrolled(console, nonces, path)
    part = get(console, f"{path}/checklist?seen=invite")
    assert 'hx-swap-oob="true"' in part
    assert "Compare six digits" in part
    digits = box.digits()
    assert post(console, f"{path}/digits", typed=f"{digits[:3]} {digits[3:]}").status_code == 303
    assert stage(console, path) == "pair"

    proof = PairingProof(
        hub=hub,
        device=DEVICE,
        address="C0:FF:EE:00:00:0D",
        profile="generic_cuff",
        kind=Kind.BLOOD_PRESSURE,
        at=datetime.now(UTC) - timedelta(minutes=2),
    ).signed(box.signing)
    assert post(console, f"{path}/pair", patient=patient, proof=proof).status_code == 303
    assert stage(console, path) == "measure"
    assert post(console, f"{path}/receipt").status_code == 422

    measure(console, box, patient)
    assert stage(console, path) == "receipt"
    assert post(console, f"{path}/receipt").headers["location"] == f"{path}/receipt"
    page = get(console, f"{path}/receipt")
    assert "test task closed" in page
    assert "mm[Hg]" not in page
    assert stage(console, path) == "done"
    assert "Hedy" not in get(console, "/install")


def measure(console: Console, box: Box, patient: str) -> None:
    """Let a reading come, stored and evaluated."""
    recipient, at = RecipientPrivate.generate(Suite.MLKEM768_X25519), datetime.now(UTC)
    keys = Keys({recipient.public().kid: recipient}, Ed25519PrivateKey.generate())
    org = console.organisations[0]
    home = Site(org, UUID(patient), box.hub, DEVICE, box.signing, recipient, keys)
    body = reading_body(home, blood_pressure(120, 70, at), at)
    outcome = home.accept(console.database, [home.envelope(body)])
    assert outcome.stored == 1, outcome
    with console.database.transaction() as connection:
        evaluate_patients(connection, load_packs(connection), [UUID(patient)], datetime.now(UTC))


def test_wrong_digits_are_counted_and_end_the_invitation(console: Console, nonces: Nonces) -> None:
    _, path = begun(console, "Joan")
    box = enrolled(console, nonces, path)
    wrong = f"{(int(box.digits()) + 1) % 1_000_000:06}"
    assert "six digits, as 041337" in post(console, f"{path}/digits", typed="12").text
    for left in ("Two more tries", "One more try", "Wrong digits, three times"):
        answer = post(console, f"{path}/digits", typed=wrong)
        assert answer.status_code == 422
        assert left in answer.text
    assert stage(console, path) == "invite"
    assert "Wrong digits, three times" in get(console, path)


def test_an_invitation_is_shown_once_and_is_in_no_address(console: Console, nonces: Nonces) -> None:
    del nonces
    _, path = begun(console, "Radia")
    text = invited(console, path)
    assert text.partition("?")[2] not in get(console, path)
    answer = post(console, f"{path}/card", invitation=text)
    assert answer.text == f'invitation = "{text}"\n'
    assert post(console, f"{path}/card", invitation="hln:1?u=x").status_code == 400
    other = begun(console, "Barbara")[1]
    assert post(console, f"{other}/card", invitation=text).status_code == 400


def test_what_was_typed_wrong_of_a_device_is_said_and_stays(
    console: Console, nonces: Nonces
) -> None:
    patient, path = begun(console, "Karen")
    active(console, nonces, path)
    answer = post(console, f"{path}/pair", patient=patient, address="C0:FF", profile="generic_cuff")
    assert answer.status_code == 422
    assert "A Bluetooth address looks like" in answer.text
    assert 'value="C0:FF"' in answer.text
    assert "hlp:1?" in post(console, f"{path}/pair", patient=patient, proof="x").text
    typed = {"address": "C0:FF:EE:00:00:0E", "profile": "generic_cuff", "slot": "1"}
    assert post(console, f"{path}/pair", patient=patient, **typed).status_code == 303


def test_a_hub_is_replaced_and_the_old_one_refused_at_once(
    console: Console, nonces: Nonces
) -> None:
    patient, path = begun(console, "Annie")
    active(console, nonces, path)
    typed = {"address": "C0:FF:EE:00:00:0F", "profile": "generic_cuff"}
    post(console, f"{path}/pair", patient=patient, **typed)
    new = post(console, f"{path}/replace").headers["location"]
    assert stage(console, new) == "invite"
    assert "Another box has its place" in get(console, path)
    old = path.rpartition("/")[2]
    with console.database.transaction() as connection:
        row = connection.execute(
            "SELECT h.state, r.reason FROM hub h JOIN revocation r ON r.hub_id = h.id"
            " WHERE h.id = %s",
            [old],
        ).fetchone()
    assert row == {"state": "revoked", "reason": "replaced"}
    assert post(console, f"{path}/replace").status_code == 409


def test_a_button_that_is_pressed_twice_makes_one_hub(console: Console, nonces: Nonces) -> None:
    del nonces
    patient, path = begun(console, "Mary")
    assert post(console, "/install", patient=patient).headers["location"] == path


def test_a_device_is_taken_away_and_a_hub_shut_out(console: Console, nonces: Nonces) -> None:
    patient, path = begun(console, "Lynn")
    active(console, nonces, path)
    typed = {"address": "C0:FF:EE:00:00:10", "profile": "generic_cuff"}
    post(console, f"{path}/pair", patient=patient, **typed)
    device = re.search(r"/devices/([0-9a-f-]{36})/end", get(console, path))
    assert device is not None
    assert post(console, f"{path}/devices/{device[1]}/end").status_code == 303
    assert post(console, f"{path}/devices/{device[1]}/end").status_code == 404
    assert stage(console, path) == "pair"
    assert "hln:1?" in post(console, f"{path}/code").text  # the same box, after a long time off
    assert post(console, f"{path}/revoke", reason="stolen").status_code == 303
    assert "Shut out" in get(console, path)
    assert post(console, f"{path}/code").status_code == 409


def test_a_restricted_home_is_the_care_teams(console: Console, nonces: Nonces) -> None:
    del nonces
    _, path = begun(console, "Chien")
    with console.database.transaction() as connection:
        place, now = console.organisations[0], datetime.now(UTC)
        team = care_teams.add_team(connection, place, "Closed", "Bea", now)
        connection.execute(
            "UPDATE patient SET restricted = true, care_team_id = %s WHERE given_name = 'Chien'",
            [team],
        )
    assert console.client(TECHNICIAN).get(path).status_code == 403
    assert "Chien" not in get(console, "/install")
    fleet = get(console, "/fleet")
    assert "Chien" not in fleet
    assert "Restricted" in fleet


def test_who_may_not_install_and_who_is_of_elsewhere(console: Console, nonces: Nonces) -> None:
    del nonces
    _, path = begun(console, "Vera")
    assert console.client(Role.COORDINATOR).get(path).status_code == 403
    assert console.client(TECHNICIAN, 1).get(path).status_code == 404
    assert console.client(TECHNICIAN, 1).post(f"{path}/code").status_code == 404
