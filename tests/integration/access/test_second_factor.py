"""Authenticator app and recovery codes: who needs one, that a code is taken once, and step-up."""

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from starlette.testclient import TestClient

from gateway.access.passwords import hashed
from gateway.access.rights import Role
from gateway.storage.people import set_password
from tests.fixtures.console import Console

PASSWORD = "a long way to the lighthouse"
SETUP = "/account/second-factor"


@pytest.fixture(autouse=True)
def _clean(console: Console) -> None:
    with console.database.transaction() as connection:
        connection.execute("DELETE FROM sign_in_try")
        connection.execute("DELETE FROM totp")
        stored = hashed(PASSWORD)
        for person in console.people.values():
            set_password(connection, person, stored, console.now())


def _after_password(console: Console, role: Role) -> TestClient:
    """Return a browser that has shown the password."""
    browser = console.nobody()
    form = {"email": f"{role}0@example.org", "password": PASSWORD}
    assert browser.post("/sign-in", data=form).status_code == 303
    return browser


def _token(browser: TestClient, path: str) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', browser.get(path).text)
    assert found
    return found.group(1)


def _set_up(browser: TestClient) -> tuple[pyotp.TOTP, list[str], str]:
    """Return the app, the recovery codes, and the app's first code, which is spent."""
    browser.headers["x-csrf-token"] = _token(browser, SETUP)
    browser.post(f"{SETUP}/totp")
    page = browser.get(SETUP).text
    assert "data:image/svg+xml" in page
    found = re.search(r'<code class="mono">(\w+)</code>', page)
    assert found
    totp = pyotp.TOTP(found.group(1))
    code = totp.now()
    answer = browser.post(f"{SETUP}/confirm", data={"code": code})
    assert answer.status_code == 200
    return totp, re.findall(r"<li>(\w{5}-\w{5})</li>", answer.text), code


def _later(totp: pyotp.TOTP) -> str:
    """Return the next code, which a clock that is half a minute fast would show."""
    return totp.at(datetime.now(UTC) + timedelta(seconds=30))


@pytest.mark.parametrize("role", list(Role))
def test_every_role_needs_one_before_anything_else(console: Console, role: Role) -> None:
    browser = _after_password(console, role)
    for path in ("/", "/account", "/people"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, SETUP), path
    assert browser.get("/api/v1/patients").json()["code"] == "second_factor_missing"
    assert browser.get(SETUP).status_code == 200


def test_from_setting_it_up_to_signing_in_with_it(console: Console) -> None:
    browser = _after_password(console, Role.COORDINATOR)
    totp, codes, spent = _set_up(browser)
    assert len(codes) == 10
    assert browser.get("/account").status_code == 200
    again = _after_password(console, Role.COORDINATOR)
    assert again.get("/account").headers["location"] == "/sign-in"
    # The code that confirmed the app is spent, and so is a wrong one.
    for wrong in (spent, "000000", "", "x" * 30):
        assert again.post("/sign-in/second", data={"code": wrong}).status_code in {401, 422}
    code = _later(totp)
    assert again.post("/sign-in/second", data={"code": code}).status_code == 303
    assert again.get("/account").status_code == 200
    third = _after_password(console, Role.COORDINATOR)
    assert third.post("/sign-in/second", data={"code": code}).status_code == 401


def test_a_recovery_code_signs_in_once(console: Console) -> None:
    _, codes, _ = _set_up(_after_password(console, Role.CLINICIAN))
    for expected in (303, 401):
        browser = _after_password(console, Role.CLINICIAN)
        form = {"code": codes[3].upper().replace("-", " ")}
        assert browser.post("/sign-in/second", data=form).status_code == expected


def test_guessing_codes_is_limited_as_passwords_are(console: Console) -> None:
    _set_up(_after_password(console, Role.CLINICIAN))
    browser = _after_password(console, Role.CLINICIAN)
    said = [browser.post("/sign-in/second", data={"code": "000000"}).status_code for _ in range(12)]
    assert said[-1] == 429


def test_the_step_before_is_needed_and_is_used_once(console: Console) -> None:
    assert console.nobody().get("/sign-in/second").status_code == 303
    totp, codes, _ = _set_up(_after_password(console, Role.AUDITOR))
    browser = _after_password(console, Role.AUDITOR)
    step = browser.cookies["__Host-hearthline-step"]
    assert browser.post("/sign-in/second", data={"code": _later(totp)}).status_code == 303
    replay = console.nobody()
    replay.cookies.set("__Host-hearthline-step", step)
    answer = replay.post("/sign-in/second", data={"code": codes[0]})
    assert answer.headers["location"] == "/sign-in"


def test_what_weighs_more_asks_again_after_five_minutes(console: Console) -> None:
    browser = _after_password(console, Role.ADMINISTRATOR)
    totp, _, _ = _set_up(browser)
    person = console.people[Role.ADMINISTRATOR, 0]
    form = {"name": "New", "email": "new-one@example.org", "role": ["auditor"]}
    with console.database.transaction() as connection:
        connection.execute(
            "UPDATE session SET second_at = second_at - interval '6 minutes' WHERE person_id = %s",
            [person],
        )
    headers = {"referer": "https://testserver/people"}
    asked = browser.post("/people", data=form, headers=headers)
    assert asked.headers["location"] == "/account/step-up?next=%2Fpeople"
    shown = browser.post("/account/step-up", data={"code": _later(totp), "then": "/people"})
    assert (shown.status_code, shown.headers["location"]) == (303, "/people")
    assert browser.post("/people", data=form).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "//elsewhere.example",
        "https://elsewhere.example",
        "/\\x.example",
        "/\t/x.example",
        "/\n\\x.example",
    ],
)
def test_nobody_is_sent_elsewhere(console: Console, path: str) -> None:
    browser = console.signed_in(console.people[Role.AUDITOR, 1], 1)
    form = {"code": PASSWORD, "then": path}
    assert browser.post("/account/step-up", data=form).headers["location"] == "/"


def test_a_password_is_no_second_factor(console: Console) -> None:
    browser = _after_password(console, Role.CLINICIAN)
    browser.headers["x-csrf-token"] = _token(browser, "/account/step-up")
    asked = browser.post("/account/step-up", data={"code": PASSWORD})
    assert asked.headers["location"] == SETUP
    assert browser.get("/api/v1/patients").status_code == 403


def test_the_database_alone_makes_no_code(console: Console) -> None:
    _set_up(_after_password(console, Role.COORDINATOR))
    with console.database.transaction() as connection:
        row = connection.execute("SELECT sealed FROM totp").fetchone()
        spent = connection.execute("SELECT digest FROM recovery_code LIMIT 1").fetchone()
    assert row is not None
    assert spent is not None
    assert not row["sealed"].isascii()
