"""Inviting people, one-time links, roles: who may change what, and of whom."""

import re
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from gateway.access.people import LastAdministrator, change_roles
from gateway.access.rights import Right, Role
from gateway.access.who import Who
from gateway.storage.credentials import link_to_provider
from gateway.storage.people import give_roles, roles_in
from tests.fixtures.console import Console

PASSWORD = "a long way to the lighthouse"
ADMIN = Role.ADMINISTRATOR


def _link(text: str) -> str:
    found = re.search(r"https://testserver(/welcome/[\w-]+)", text)
    assert found, text
    return found.group(1)


def _invited(console: Console, email: str, *roles: str) -> str:
    form = {"name": "New Person", "email": email, "role": list(roles)}
    answer = console.client(ADMIN).post("/people", data=form)
    assert answer.status_code == 200, answer.text
    return _link(answer.text)


def _person(console: Console, email: str) -> UUID:
    with console.database.transaction() as connection:
        row = connection.execute("SELECT id FROM person WHERE email = %s", [email]).fetchone()
    assert row is not None
    found: UUID = row["id"]
    return found


def _roles(console: Console, person: UUID) -> frozenset[Role]:
    with console.database.transaction() as connection:
        return roles_in(connection, console.organisations[0], person)


def _change(console: Console, person: UUID, *roles: str, browser: TestClient | None = None) -> Any:
    asking = browser or console.client(ADMIN)
    return asking.post(f"/people/{person}/roles", data={"role": list(roles)})


def test_an_invitation_works_once(console: Console) -> None:
    link = _invited(console, "nurse@example.org", "coordinator", "auditor")
    assert _roles(console, _person(console, "nurse@example.org")) == {"coordinator", "auditor"}
    browser = console.nobody()
    assert "nurse@example.org" in browser.get(link).text
    assert browser.post(link, data={"password": "short"}).status_code == 400
    assert browser.post(link, data={"password": PASSWORD}).status_code == 303
    assert browser.get("/account").headers["location"] == "/account/second-factor"
    for answer in (
        console.nobody().get(link),
        console.nobody().post(link, data={"password": PASSWORD}),
    ):
        assert answer.status_code == 410


def test_a_second_invitation_ends_the_first_and_each_ends_by_itself(console: Console) -> None:
    first = _invited(console, "twice@example.org", "auditor")
    second = _invited(console, "twice@example.org", "auditor")
    assert console.nobody().get(first).status_code == 410
    assert console.nobody().get(second).status_code == 200
    with console.database.transaction() as connection:
        connection.execute("UPDATE invitation SET ends_at = now()")
    assert console.nobody().get(second).status_code == 410


@pytest.mark.parametrize("role", [role for role in Role if role is not ADMIN])
def test_only_administrators_invite_and_change(console: Console, role: Role) -> None:
    browser, person = console.client(role), console.people[role, 0]
    form = {"name": "x", "email": "x@example.org", "role": ["auditor"]}
    assert browser.post("/people", data=form).status_code == 403
    assert browser.post(f"/people/{person}/reset").status_code == 403
    assert _change(console, person, "administrator", browser=browser).status_code == 403
    assert browser.get("/programs").status_code == 403


def test_a_change_of_roles_is_in_force_at_once(console: Console) -> None:
    person = _person_with(console, "moved@example.org", Role.COORDINATOR)
    browser = console.signed_in(person)
    assert browser.get("/api/v1/patients").status_code == 200
    assert _change(console, person, "technician").status_code == 303
    assert browser.get("/api/v1/patients").status_code == 403
    assert _change(console, person).status_code == 303
    assert browser.get("/api/v1/patients").status_code == 401


def test_nobody_gives_a_role_to_themselves_and_the_last_administrator_stays(
    console: Console,
) -> None:
    own = console.people[ADMIN, 0]
    assert _change(console, own, "administrator", "clinician").status_code == 403
    assert _change(console, own).status_code == 409
    assert _roles(console, own) == {ADMIN}


def test_another_organisation_is_out_of_reach(console: Console) -> None:
    stranger = console.people[Role.AUDITOR, 1]
    assert _change(console, stranger, "coordinator").status_code == 404
    browser = console.client(ADMIN)
    assert browser.post(f"/people/{stranger}/reset").status_code == 404
    assert browser.get(f"/people/{stranger}").status_code == 404
    assert "auditor1@example.org" not in browser.get("/people").text


def test_who_works_elsewhere_too_is_not_reset_from_here(console: Console) -> None:
    person = _person_with(console, "both@example.org", Role.AUDITOR)
    with console.database.transaction() as connection:
        give_roles(connection, console.organisations[1], person, [Role.AUDITOR], console.now())
    assert console.client(ADMIN).post(f"/people/{person}/reset").status_code == 403
    browser = console.signed_in(person)
    form = {"organisation": str(console.organisations[1])}
    assert browser.post("/account/organisation", data=form).status_code == 303
    assert "auditor1@example.org" in browser.get("/people").text


@pytest.mark.parametrize("by_provider", [True, False])
def test_an_invitation_from_elsewhere_opens_nobodys_account(
    console: Console, by_provider: bool
) -> None:
    email = f"wanted-{int(by_provider)}@example.org"
    own = _invited(console, email, "clinician")
    person = _person(console, email)
    if by_provider:
        with console.database.transaction() as connection:
            link_to_provider(connection, "https://id.example", email, person, console.now())
    new = {"name": "x", "email": email, "roles": ["auditor"]}
    answer = console.client(ADMIN, 1).post("/api/v1/people", json=new)
    assert answer.json() == {"id": str(person), "link": None}
    # Nor does the first link any more, once they have begun in another way.
    assert console.nobody().get(own).status_code == (410 if by_provider else 200)


def test_a_new_beginning_ends_sessions_and_forgets_the_password(console: Console) -> None:
    person = _person_with(console, "lost@example.org", Role.AUDITOR)
    browser = console.signed_in(person)
    link = _link(console.client(ADMIN).post(f"/people/{person}/reset").text)
    assert browser.get("/account").status_code == 303
    form = {"email": "lost@example.org", "password": PASSWORD}
    assert console.nobody().post("/sign-in", data=form).status_code == 401
    assert console.nobody().post(link, data={"password": PASSWORD + "!"}).status_code == 303


def test_of_two_administrators_who_remove_each_other_one_stays(console: Console) -> None:
    desk, place = console.app.state.desk, console.organisations[1]
    pair = [console.people[ADMIN, 1], console.people[Role.AUDITOR, 1]]
    with console.database.transaction() as connection:
        give_roles(connection, place, pair[1], [ADMIN], console.now())
    said: list[Exception] = []
    together = Barrier(2)

    def remove(by: UUID, other: UUID) -> None:
        rights = frozenset({Right.PEOPLE_WRITE})
        who = Who(by, "x", place, "x", frozenset({ADMIN}), rights, by)
        together.wait(20)
        try:
            with desk.pools.of_access(place) as connection:
                change_roles(desk, connection, who, other, [])
        except LastAdministrator as error:
            said.append(error)

    threads = [Thread(target=remove, args=pair), Thread(target=remove, args=pair[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 1


def test_what_was_done_is_in_the_audit_without_a_name_or_an_address(console: Console) -> None:
    with console.database.transaction() as connection:
        rows = connection.execute(
            "SELECT action, detail::text AS detail FROM audit WHERE action LIKE 'person.%%'"
        ).fetchall()
    assert {"person.invite", "person.roles", "person.reset"} <= {row["action"] for row in rows}
    assert not [row for row in rows if "@" in row["detail"]]


def _person_with(console: Console, email: str, role: Role) -> UUID:
    link = _invited(console, email, role)
    assert console.nobody().post(link, data={"password": PASSWORD}).status_code == 303
    return _person(console, email)
