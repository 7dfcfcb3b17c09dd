"""Passkeys: made in a session, both factors at a sign-in, bound to this site."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from gateway.access.rights import Role
from tests.fixtures.authenticator import Authenticator
from tests.fixtures.console import ADDRESS, Console

ROLE = Role.CLINICIAN


def _made(browser: TestClient, key: Authenticator) -> int:
    offered = browser.post("/account/passkeys/options").json()
    credential = key.make(offered["options"])
    answer = {"ticket": offered["ticket"], "credential": credential, "name": "Laptop"}
    return browser.post("/account/passkeys", json=answer).status_code


def _shown(browser: TestClient, key: Authenticator, path: str = "/sign-in/passkey") -> Any:
    offered = browser.post(f"{path}/options").json()
    credential = key.show(offered["options"])
    return browser.post(path, json={"ticket": offered["ticket"], "credential": credential})


@pytest.fixture
def key(console: Console) -> Authenticator:
    made = Authenticator(ADDRESS)
    assert _made(console.signed_in(console.people[ROLE, 0]), made) == 200
    return made


def test_a_passkey_signs_in_without_a_password(console: Console, key: Authenticator) -> None:
    browser = console.nobody()
    assert _shown(browser, key).status_code == 200
    page = browser.get("/account").text
    assert "Laptop" in page
    assert "Clinician 0" in page


def test_a_passkey_of_another_site_or_without_a_finger_is_refused(
    console: Console, key: Authenticator
) -> None:
    key.origin = "https://testserver.example"
    assert _shown(console.nobody(), key).status_code == 401
    key.origin, key.verified = ADDRESS, False
    assert _shown(console.nobody(), key).status_code == 401
    key.verified, key.counter = True, 0
    assert _shown(console.nobody(), key).status_code == 401, "a copy of the key counts from 0"


def test_an_unknown_passkey_is_refused(console: Console) -> None:
    assert _shown(console.nobody(), Authenticator(ADDRESS)).status_code == 401


def test_an_answer_is_good_once(console: Console, key: Authenticator) -> None:
    browser = console.nobody()
    offered = browser.post("/sign-in/passkey/options").json()
    body = {"ticket": offered["ticket"], "credential": key.show(offered["options"])}
    assert browser.post("/sign-in/passkey", json=body).status_code == 200
    assert console.nobody().post("/sign-in/passkey", json=body).status_code == 401


def test_rubbish_is_refused(console: Console) -> None:
    for credential in ({}, {"rawId": "é"}, {"rawId": "AAAA", "response": 3}, {"rawId": None}):
        ticket = console.nobody().post("/sign-in/passkey/options").json()["ticket"]
        body = {"ticket": ticket, "credential": credential}
        assert console.nobody().post("/sign-in/passkey", json=body).status_code == 401


def test_somebody_elses_passkey_is_no_step_up(console: Console, key: Authenticator) -> None:
    mine = console.signed_in(console.people[ROLE, 0])
    stranger = console.signed_in(console.people[Role.COORDINATOR, 0])
    assert _shown(mine, key, "/account/step-up/passkey").status_code == 200
    assert _shown(stranger, key, "/account/step-up/passkey").status_code == 401


def test_a_passkey_is_removed(console: Console, key: Authenticator) -> None:
    browser = console.signed_in(console.people[ROLE, 0])
    form = {"handle": key.handle.hex()}
    assert (
        console.client(Role.AUDITOR).post("/account/passkeys/remove", data=form).status_code == 404
    )
    assert browser.post("/account/passkeys/remove", data=form).status_code == 303
    assert _shown(console.nobody(), key).status_code == 401
