"""A page of somebody else does nothing in a session."""

import pytest

from gateway.access.rights import Role
from tests.fixtures.console import ADDRESS, Console

FORM = {"name": "Somebody else", "language": "en", "zone": "UTC"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"origin": "https://elsewhere.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"x-csrf-token": ""}, 403),
        ({"x-csrf-token": "0" * 64}, 403),
    ],
)
def test_what_changes_something_comes_from_a_page_of_ours(
    console: Console, headers: dict[str, str], status: int
) -> None:
    browser = console.client(Role.AUDITOR)
    assert browser.post("/account", data=FORM, headers=headers).status_code == status


def test_a_browser_says_where_it_comes_from(console: Console) -> None:
    browser = console.signed_in(console.people[Role.AUDITOR, 0])
    del browser.headers["origin"]
    assert browser.post("/account", data=FORM).status_code == 403


def test_a_form_brings_the_token_as_a_field_and_the_page_still_reads_it(console: Console) -> None:
    browser = console.signed_in(console.people[Role.AUDITOR, 0])
    token = browser.headers.pop("x-csrf-token")
    assert browser.post("/account", data=FORM).status_code == 403
    name = "Zoë Ångström " * 10
    form = {**FORM, "name": name.strip(), "csrf": token}
    assert browser.post("/account", data=form).status_code == 303
    assert name.strip() in browser.get("/account").text
    parts = {key: (None, value) for key, value in form.items()}
    assert browser.post("/account", files=parts).status_code == 303


def test_the_token_of_one_session_is_none_of_another(console: Console) -> None:
    mine, other = (console.signed_in(console.people[Role.AUDITOR, 0]) for _ in range(2))
    headers = {"x-csrf-token": other.headers["x-csrf-token"]}
    assert mine.post("/account", data=FORM, headers=headers).status_code == 403


def test_a_sign_in_from_elsewhere_is_refused_too(console: Console) -> None:
    form = {"email": "x@example.org", "password": "x"}
    browser = console.nobody()
    headers = {"origin": "https://elsewhere.example"}
    assert browser.post("/sign-in", data=form, headers=headers).status_code == 403
    assert browser.post("/sign-in", data=form, headers={"origin": ADDRESS}).status_code == 401


def test_a_long_body_is_refused(console: Console) -> None:
    browser = console.client(Role.AUDITOR)
    form = {**FORM, "name": "x" * 3_000_000}
    assert browser.post("/account", data=form).status_code == 413


def test_a_key_lends_no_session_its_freedom(console: Console) -> None:
    browser = console.signed_in(console.people[Role.AUDITOR, 0])
    headers = {"authorization": "Bearer x", "origin": "https://elsewhere.example"}
    assert browser.post("/account", data=FORM, headers=headers).headers["location"] == "/sign-in"
    browser.post("/sign-out", headers=headers)
    assert browser.get("/account").status_code == 200


def test_an_empty_form_is_answered(console: Console) -> None:
    browser = console.signed_in(console.people[Role.AUDITOR, 0])
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert browser.post("/account/sessions/end", headers=kind).status_code == 303
    del browser.headers["x-csrf-token"]
    assert browser.post("/account/sessions/end", headers=kind).status_code == 403
