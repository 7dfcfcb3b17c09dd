"""Signing in and out, and what every answer forbids."""

import pytest

from gateway.access.passwords import hashed
from gateway.access.rights import Role
from gateway.storage.people import set_password
from tests.fixtures.console import Console

PASSWORD = "a long way to the lighthouse"


@pytest.fixture(autouse=True)
def _password(console: Console) -> None:
    with console.database.transaction() as connection:
        person = console.people[Role.COORDINATOR, 0]
        set_password(connection, person, hashed(PASSWORD), console.app.state.desk.now())


def test_a_page_without_a_session_leads_to_the_sign_in(console: Console) -> None:
    answer = console.nobody().get("/styleguide")
    assert answer.status_code == 200
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_a_password_opens_a_session(console: Console) -> None:
    browser = console.nobody()
    form = {"email": "Coordinator0@example.org", "password": PASSWORD}
    answer = browser.post("/sign-in", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-hearthline=")
    for part in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
        assert part in cookie


def test_a_wrong_password_opens_none(console: Console) -> None:
    form = {"email": "coordinator0@example.org", "password": PASSWORD + "!"}
    answer = console.nobody().post("/sign-in", data=form)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
