"""Whatever the schema allows, and what it does not, is answered: never by a failure of ours."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode, openapi
from schemathesis.core.result import Ok
from starlette.testclient import TestClient

from gateway.access.rights import Role
from gateway.api.openapi import api_alone
from gateway.storage.people import NewPerson, add_person, give_roles
from tests.integration.api_v1.conftest import World

ENDLESS = "/api/v1/changes"
OPERATIONS = [
    found.ok()
    for found in openapi.from_dict(api_alone().openapi()).get_all_operations()
    if isinstance(found, Ok) and found.ok().path != ENDLESS
]
# A request that the schema allows is answered by one of these; by anything else it is a bug.
ANSWERS = {200, 201, 400, 401, 403, 404, 409, 412, 422, 428}


@pytest.fixture(scope="module")
def somebody(world: World) -> TestClient:
    """Give a browser of somebody who may do everything that anybody may."""
    now = datetime.now(UTC)
    with world.console.database.transaction() as connection:
        person = add_person(connection, NewPerson("Everybody", "everybody@example.org"), now)
        give_roles(connection, world.console.organisations[0], person, list(Role), now)
    return world.console.signed_in(person)


def as_sent(case: Case[Any]) -> dict[str, Any]:
    """Return what a browser is told to send; who asks stays who is signed in."""
    sent: dict[str, Any] = dict(case.as_transport_kwargs(base_url="https://testserver"))
    sent.pop("cookies", None)
    whose = {"authorization", "x-csrf-token", "cookie"}
    headers = (sent.pop("headers", None) or {}).items()
    sent["headers"] = {name: value for name, value in headers if name.lower() not in whose}
    if "data" in sent and not isinstance(sent["data"], dict):
        sent["content"] = sent.pop("data")
    return sent


def ask(
    operation: APIOperation[Any, Any, Any, Any],
    somebody: TestClient,
    known: dict[str, str],
    data: st.DataObject,
) -> None:
    mode = data.draw(st.sampled_from(GenerationMode))
    case = data.draw(operation.as_strategy(generation_mode=mode))
    if data.draw(st.booleans()):
        for name in set(case.path_parameters) & set(known):
            case.path_parameters[name] = known[name]
    sent = as_sent(case)
    answer = somebody.request(**sent)
    assert answer.status_code < 500, (sent, answer.text)
    if mode is GenerationMode.POSITIVE:
        assert answer.status_code in ANSWERS, (sent, answer.text)
    if answer.status_code >= 400 and operation.path.startswith("/api/"):
        assert answer.headers["content-type"] == "application/problem+json"


EACH = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.label)


def few(examples: int) -> settings:
    every = list(HealthCheck)
    return settings(
        max_examples=examples, derandomize=True, database=None, suppress_health_check=every
    )


@EACH
@few(3)
@given(data=st.data())
def test_it_is_answered(
    operation: APIOperation[Any, Any, Any, Any],
    somebody: TestClient,
    known: dict[str, str],
    data: st.DataObject,
) -> None:
    ask(operation, somebody, known, data)


@pytest.mark.slow
@EACH
@few(60)
@given(data=st.data())
def test_it_is_answered_however_often(
    operation: APIOperation[Any, Any, Any, Any],
    somebody: TestClient,
    known: dict[str, str],
    data: st.DataObject,
) -> None:
    ask(operation, somebody, known, data)
