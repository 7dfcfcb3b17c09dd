"""`user`: people of the console by command, for operators."""

import json
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner, Result

from gateway.access.rights import Role
from gateway.cli import app
from gateway.errors import NotFound, WrongInput
from gateway.storage.people import person_by_email, roles_in
from tests.fixtures.console import ADDRESS, Console

EMAIL = "ada@example.org"
PASSWORD = "a long way to the lighthouse"


@pytest.fixture(autouse=True)
def _settings(console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTHLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HEARTHLINE_DATABASE_URL", console.database.url)
    monkeypatch.setenv("HEARTHLINE_CONSOLE_URL", ADDRESS)


def user(*words: object) -> Result:
    return CliRunner().invoke(app, ["user", *map(str, words)])


def _state(console: Console) -> tuple[frozenset[Role], bool]:
    with console.database.transaction() as connection:
        row = person_by_email(connection, EMAIL)
        assert row is not None
        roles = roles_in(connection, console.organisations[0], row["id"])
        return roles, row["disabled_at"] is not None


def test_from_an_invitation_to_a_new_beginning(console: Console) -> None:
    place = console.organisations[0]
    given = ("--organisation", place, "--name", "Ada", "--role", "administrator")
    invited = user("invite", "Ada@example.org", *given, "--json")
    assert invited.exit_code == 0, invited.output
    link = json.loads(invited.output)["link"].removeprefix(ADDRESS)
    assert console.nobody().post(link, data={"password": PASSWORD}).status_code == 303
    assert "already" in user("invite", EMAIL, *given).output

    assert user("role", EMAIL, "--organisation", place, "--role", "auditor").exit_code == 0
    assert _state(console) == (frozenset({Role.AUDITOR}), False)
    assert "auditor" in user("list", "--organisation", place).output

    assert user("disable", EMAIL).exit_code == 0
    assert _state(console) == (frozenset({Role.AUDITOR}), True)
    form = {"email": EMAIL, "password": PASSWORD}
    assert console.nobody().post("/sign-in", data=form).status_code == 401
    link = user("reset", EMAIL).output.strip().removeprefix(ADDRESS)
    assert _state(console) == (frozenset({Role.AUDITOR}), False)
    assert console.nobody().post(link, data={"password": PASSWORD}).status_code == 303


def test_what_operators_did_is_in_the_audit(console: Console) -> None:
    with console.database.transaction() as connection:
        rows = connection.execute(
            "SELECT DISTINCT action FROM audit WHERE actor_kind = 'operator'"
        ).fetchall()
    done = {"person.invite", "person.roles", "person.disable", "person.reset"}
    assert {row["action"] for row in rows} == done


def test_who_and_where_must_exist(console: Console) -> None:
    given = ("--name", "x", "--role", "auditor", "--organisation")
    nowhere: UUID = uuid4()
    assert isinstance(user("invite", "x@example.org", *given, nowhere).exception, NotFound)
    wrong = user("invite", "no address", *given, console.organisations[0])
    assert isinstance(wrong.exception, WrongInput)
    assert isinstance(user("disable", "x@example.org").exception, NotFound)
