"""Whatever the schema allows, and what it does not, is answered: never by a failure of ours."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from gateway.access.rights import Role
from gateway.storage.people import NewPerson, add_person, give_roles
from tests.integration.api_v1.conftest import World

if TYPE_CHECKING:
    # Its import and the schema take seconds, which each process that collects would pay.
    from schemathesis import APIOperation, Case

ENDLESS = "/api/v1/changes"
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


def test_it_is_answered(somebody: TestClient, known: dict[str, str]) -> None:
    many = list(operations())
    assert len(many) > 80
    for operation in many:
        ask(operation, 2, somebody, known)


@pytest.mark.slow
def test_it_is_answered_however_often(somebody: TestClient, known: dict[str, str]) -> None:
    for operation in operations():
        ask(operation, 60, somebody, known)


def operations() -> "Iterator[APIOperation[Any, Any, Any, Any]]":
    from schemathesis import openapi
    from schemathesis.core.result import Ok

    from gateway.api.openapi import api_alone

    for found in openapi.from_dict(api_alone().openapi()).get_all_operations():
        assert isinstance(found, Ok)
        if found.ok().path != ENDLESS:
            yield found.ok()


def ask(
    operation: "APIOperation[Any, Any, Any, Any]",
    examples: int,
    somebody: TestClient,
    known: dict[str, str],
) -> None:
    """Ask a route so often: as its schema has it, or not; of what is there, or of anything."""
    from schemathesis import GenerationMode

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def asked(data: st.DataObject) -> None:
        mode = data.draw(st.sampled_from(GenerationMode))
        case = data.draw(operation.as_strategy(generation_mode=mode))
        if data.draw(st.booleans()):
            for name in set(case.path_parameters) & set(known):
                case.path_parameters[name] = known[name]
        sent = as_sent(case)
        answer = somebody.request(**sent)
        assert answer.status_code < 500, (operation.label, sent, answer.text)
        if mode is GenerationMode.POSITIVE:
            assert answer.status_code in ANSWERS, (operation.label, sent, answer.text)
        if answer.status_code >= 400 and operation.path.startswith("/api/"):
            media = answer.headers["content-type"]
            assert media == "application/problem+json", (operation.label, sent)

    asked()


def as_sent(case: "Case[Any]") -> dict[str, Any]:
    """Return what a browser is told to send; who asks stays who is signed in."""
    sent: dict[str, Any] = dict(case.as_transport_kwargs(base_url="https://testserver"))
    sent.pop("cookies", None)
    whose = {"authorization", "x-csrf-token", "cookie"}
    headers = (sent.pop("headers", None) or {}).items()
    sent["headers"] = {name: value for name, value in headers if name.lower() not in whose}
    if "data" in sent and not isinstance(sent["data"], dict):
        sent["content"] = sent.pop("data")
    return sent
