"""Programs: keys, tokens, and that they may no more than they were given."""

import re
from typing import Any

import pytest

from gateway.access.programs import FOR_PROGRAMS, NEVER
from gateway.access.rights import Right, Role
from tests.fixtures.console import Console

ADMIN = Role.ADMINISTRATOR


def _register(console: Console, kind: str, *rights: str) -> tuple[str, str]:
    form = {"name": "EHR bridge", "kind": kind, "right": list(rights)}
    answer = console.client(ADMIN).post("/programs", data=form)
    assert answer.status_code == 200, answer.text
    found = re.search(r'client_id</dt><dd class="mono">([\w-]+)<', answer.text)
    secret = re.search(r"hl_\w+?_[\w-]+", answer.text)
    assert found
    assert secret
    return found.group(1), secret.group(0)


def _patients(console: Console, shown: str, scheme: str = "Bearer") -> int:
    headers = {"authorization": f"{scheme} {shown}"}
    return console.nobody().get("/api/v1/patients", headers=headers).status_code


def _token(console: Console, id_: str, secret: str, **more: str) -> Any:
    form = {"grant_type": "client_credentials", **more}
    return console.nobody().post("/oauth/token", data=form, auth=(id_, secret))


def test_a_key_opens_what_it_was_given_and_nothing_else(console: Console) -> None:
    _, key = _register(console, "key", Right.PATIENTS_READ)
    assert _patients(console, key) == 200
    headers = {"authorization": f"Bearer {key}"}
    assert console.nobody().get("/people", headers=headers).status_code == 403
    _, other = _register(console, "key", Right.DEVICES_READ)
    assert _patients(console, other) == 403


def test_a_secret_is_no_key_but_gives_tokens(console: Console) -> None:
    id_, secret = _register(console, "secret", Right.PATIENTS_READ, Right.DEVICES_READ)
    assert _patients(console, secret) == 401
    said = _token(console, id_, secret).json()
    assert (said["token_type"], said["expires_in"]) == ("Bearer", 3600)
    assert _patients(console, said["access_token"]) == 200
    less = _token(console, id_, secret, scope=Right.DEVICES_READ).json()
    assert _patients(console, less["access_token"]) == 403
    form = {"grant_type": "client_credentials", "client_id": id_, "client_secret": secret}
    assert console.nobody().post("/oauth/token", data=form).status_code == 200


def test_tokens_are_refused_as_oauth_has_it(console: Console) -> None:
    id_, secret = _register(console, "secret", Right.PATIENTS_READ)
    for answer, status, error in (
        (_token(console, id_, secret + "x"), 401, "invalid_client"),
        (_token(console, id_[::-1], secret), 401, "invalid_client"),
        (_token(console, id_, secret, scope=Right.TASKS_READ), 400, "invalid_scope"),
        (_token(console, id_, secret, grant_type="password"), 400, "unsupported_grant_type"),
    ):
        assert (answer.status_code, answer.json()["error"]) == (status, error)
    with console.database.transaction() as connection:
        connection.execute("UPDATE program_secret SET ends_at = now() WHERE kind = 'token'")


@pytest.mark.parametrize("shown", ["", "hl_key_x", "\x7f", "x" * 5000])
def test_a_wrong_key_is_not_signed_in(console: Console, shown: str) -> None:
    for scheme in ("Bearer", "Basic", ""):
        assert _patients(console, shown, scheme) == 401


def test_a_key_beside_a_cookie_counts_alone(console: Console) -> None:
    browser = console.signed_in(console.people[Role.COORDINATOR, 0])
    assert browser.get("/api/v1/patients").status_code == 200
    headers = {"authorization": "Bearer hl_key_wrong"}
    assert browser.get("/api/v1/patients", headers=headers).status_code == 401


def test_an_ended_program_is_out_with_all_its_tokens(console: Console) -> None:
    id_, secret = _register(console, "secret", Right.PATIENTS_READ)
    token = _token(console, id_, secret).json()["access_token"]
    stranger = console.client(ADMIN, 1)
    assert stranger.post(f"/programs/{id_}/end").status_code == 404
    assert console.client(ADMIN).post(f"/programs/{id_}/end").status_code == 303
    assert _patients(console, token) == 401
    assert _token(console, id_, secret).status_code == 401


@pytest.mark.parametrize("right", sorted(NEVER))
def test_what_only_people_do_is_given_to_no_program(console: Console, right: Right) -> None:
    form = {"name": "x", "kind": "key", "right": [right]}
    assert console.client(ADMIN).post("/programs", data=form).status_code == 400
    assert right not in FOR_PROGRAMS
