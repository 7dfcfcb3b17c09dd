"""Signing in by password and out, the limits of a session, and what every answer forbids."""

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from gateway.access.passwords import hashed
from gateway.access.rights import Role
from gateway.access.session import COOKIE
from gateway.access.tries import OF_ACCOUNT, OF_ADDRESS
from gateway.storage.people import NewPerson, add_person, set_password
from gateway.storage.sessions import IDLE
from tests.fixtures.console import Console

PASSWORD = "a long way to the lighthouse"
ROLE = Role.COORDINATOR
EMAIL = "coordinator0@example.org"


@pytest.fixture(autouse=True)
def _password(console: Console) -> None:
    with console.database.transaction() as connection:
        connection.execute("DELETE FROM sign_in_try")
        connection.execute("DELETE FROM session")
        set_password(connection, console.people[ROLE, 0], hashed(PASSWORD), console.now())


def _sign_in(browser: TestClient, email: str = EMAIL, password: str = PASSWORD) -> int:
    return browser.post("/sign-in", data={"email": email, "password": password}).status_code


def test_every_answer_tells_the_browser_what_to_forbid(console: Console) -> None:
    for path in ("/sign-in", "/api/v1/nothing", "/static/nothing.js"):
        headers = console.nobody().get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_people_are_led_to_the_sign_in_and_programs_are_told(console: Console) -> None:
    page = console.nobody().get("/account")
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in")
    told = console.nobody().get("/api/v1/patients")
    assert (told.status_code, told.json()["code"]) == (401, "not_signed_in")
    part = console.nobody().get("/account", headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["hx-redirect"]) == (401, "/sign-in")


def test_a_password_opens_a_session_in_a_cookie_that_no_script_reads(console: Console) -> None:
    form = {"email": EMAIL.upper(), "password": PASSWORD}
    answer = console.nobody().post("/sign-in", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    for part in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
        assert part in cookie


def test_whoever_is_unknown_is_answered_as_whoever_is_known(console: Console) -> None:
    known = {"email": EMAIL, "password": "not the password"}
    unknown = {"email": "nobody@example.org", "password": "not the password"}
    answers = [console.nobody().post("/sign-in", data=form) for form in (known, unknown)]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].text.replace(EMAIL, "") == answers[1].text.replace(unknown["email"], "")
    assert "set-cookie" not in answers[0].headers


def test_an_account_is_tried_ten_times_whether_there_is_one_or_not(console: Console) -> None:
    for email in (EMAIL, "nobody@example.org"):
        said = [_sign_in(console.nobody(), email, "wrong") for _ in range(OF_ACCOUNT + 1)]
        assert said == [401] * OF_ACCOUNT + [429]
    # Not even the right password is looked at now.
    assert _sign_in(console.nobody()) == 429


def test_an_address_is_limited_too(console: Console) -> None:
    place = console.app.state.desk.key.digest("address", "testclient")
    with console.database.transaction() as connection:
        connection.execute(
            "INSERT INTO sign_in_try (at, account, address, failed)"
            " SELECT %s, sha256(n::text::bytea), %s, true FROM generate_series(1, %s) n",
            [console.now(), place, OF_ADDRESS],
        )
    answer = console.nobody().post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "900")


def test_a_right_password_does_not_count_as_a_try(console: Console) -> None:
    assert {_sign_in(console.nobody()) for _ in range(OF_ACCOUNT + 2)} == {303}


def test_a_session_ends_by_itself_and_by_signing_out(console: Console) -> None:
    for change in (
        f"seen_at = seen_at - interval '{IDLE + timedelta(seconds=1)}'",
        "ends_at = now()",
    ):
        browser = console.signed_in(console.people[ROLE, 0])
        assert browser.get("/account").status_code == 200
        with console.database.transaction() as connection:
            connection.execute(f"UPDATE session SET {change}")  # noqa: S608
        assert browser.get("/account").status_code == 303
    browser = console.signed_in(console.people[ROLE, 0])
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    assert browser.get("/account").status_code == 303


def test_a_request_moves_the_idle_limit_on_but_not_the_absolute_one(console: Console) -> None:
    browser = console.signed_in(console.people[ROLE, 0])
    with console.database.transaction() as connection:
        connection.execute("UPDATE session SET seen_at = seen_at - interval '10 minutes'")
        before = connection.execute("SELECT seen_at, ends_at FROM session").fetchone()
    browser.get("/account")
    with console.database.transaction() as connection:
        after = connection.execute("SELECT seen_at, ends_at FROM session").fetchone()
    assert before is not None
    assert after is not None
    assert after["seen_at"] > before["seen_at"]
    assert after["ends_at"] == before["ends_at"]


def test_who_is_disabled_or_has_no_role_is_nobody(console: Console) -> None:
    person = console.people[ROLE, 0]
    for change, back in (
        ("UPDATE person SET disabled_at = now()", "UPDATE person SET disabled_at = NULL"),
        (
            "UPDATE membership SET role = 'auditor', organisation_id = %(other)s",
            "UPDATE membership SET role = 'coordinator', organisation_id = %(own)s",
        ),
    ):
        browser = console.signed_in(person)
        column = "id" if "UPDATE person " in change else "person_id"
        given = {"own": console.organisations[0], "other": console.organisations[1]}
        given["person"] = person
        with console.database.transaction() as connection:
            connection.execute(f"{change} WHERE {column} = %(person)s", given)
        assert browser.get("/account").status_code == 303
        with console.database.transaction() as connection:
            connection.execute(f"{back} WHERE {column} = %(person)s", given)


def test_demo_people_do_not_sign_in_where_nobody_asked_for_it(console: Console) -> None:
    with console.database.transaction() as connection:
        new = NewPerson("Demo", "demo@example.org", demo=True)
        person = add_person(connection, new, console.now())
        set_password(connection, person, hashed(PASSWORD), console.now())
    assert _sign_in(console.nobody(), "demo@example.org") == 401


def test_sessions_are_listed_and_ended_by_their_person_only(console: Console) -> None:
    mine, other = (console.signed_in(console.people[ROLE, 0]) for _ in range(2))
    stranger = console.signed_in(console.people[Role.CLINICIAN, 0])
    with console.database.transaction() as connection:
        rows = connection.execute(
            "SELECT id FROM session WHERE person_id = %s ORDER BY created_at",
            [console.people[ROLE, 0]],
        ).fetchall()
    assert mine.get("/account").text.count('name="session_id"') == 1
    form = {"session_id": str(rows[1]["id"])}
    assert stranger.post("/account/sessions/end", data=form).status_code == 404
    assert other.get("/account").status_code == 200
    assert mine.post("/account/sessions/end", data=form).status_code == 303
    assert other.get("/account").status_code == 303
    assert mine.get("/account").status_code == 200


def test_a_new_password_ends_other_sessions(console: Console) -> None:
    mine, other = (console.signed_in(console.people[ROLE, 0]) for _ in range(2))
    form = {"now": PASSWORD, "new": "another way to the lighthouse"}
    assert mine.post("/account/password", data={**form, "now": "wrong"}).status_code == 400
    assert mine.post("/account/password", data={**form, "new": "short"}).status_code == 400
    assert mine.post("/account/password", data=form).status_code == 303
    assert other.get("/account").status_code == 303
    assert _sign_in(console.nobody(), password=form["new"]) == 303


def test_every_sign_in_and_refusal_is_in_the_audit(console: Console) -> None:
    with console.database.transaction() as connection:
        rows = connection.execute(
            "SELECT DISTINCT action FROM audit WHERE organisation_id = %s",
            [console.organisations[0]],
        ).fetchall()
    assert {"sign-in.done", "sign-in.refused", "sign-out.done"} <= {row["action"] for row in rows}


SECRET = (
    *("person", "password", "totp", "passkey", "recovery_code", "oidc_identity", "session"),
    *("invitation", "sign_in_try", "ceremony", "program_secret"),
)


def test_the_app_role_reaches_nothing_that_signs_somebody_in(console: Console) -> None:
    with console.database.transaction() as connection:
        for privilege in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            rows = connection.execute(
                "SELECT t FROM unnest(%s::text[]) t"
                " WHERE has_any_column_privilege('hearthline_app', t, %s)"
                if privilege != "DELETE"
                else "SELECT t FROM unnest(%s::text[]) t"
                " WHERE has_table_privilege('hearthline_app', t, %s)",
                [list(SECRET), privilege],
            ).fetchall()
            assert rows == []
