"""Each route, each role, two clinics: only what the table of rights says, and nothing across."""

import re
from functools import cache
from uuid import uuid4

import httpx2
import pytest

from gateway.access.rights import RIGHTS, Right, Role
from gateway.api.openapi import api_alone, rights_of, routes_of
from tests.integration.api_v1.conftest import World

ENDLESS = "/api/v1/changes"
OF_A_CLINIC = {"patient", "task", "alert", "reading", "hub", "device"}
NAMES = re.compile(r"{(\w+)}")


@cache
def routes() -> list[tuple[str, str, frozenset[Right]]]:
    return sorted(
        (method, path, rights_of(route))
        for path, route in routes_of(api_alone())
        for method in route.methods or ()
        if path.startswith("/api/v1/")
    )


def filled(path: str, known: dict[str, str]) -> str:
    return NAMES.sub(lambda name: known.get(name[1], str(uuid4())), path.removeprefix("/api/v1"))


def asked(world: World, method: str, path: str, role: Role, which: int = 0) -> httpx2.Response:
    body: dict[str, str] | None = {} if method in {"POST", "PUT"} else None
    return world.ask(method, path, role, which, json=body)


def test_every_route_needs_a_right() -> None:
    assert len(routes()) > 80
    assert [path for _, path, rights in routes() if not rights] == []


@pytest.mark.parametrize("role", Role)
def test_a_role_may_what_the_table_says(world: World, known: dict[str, str], role: Role) -> None:
    for method, path, rights in routes():
        may = bool(rights & RIGHTS[role])
        if may and path == ENDLESS:
            continue
        # Of nothing that is there: what may be done must do nothing here.
        answer = asked(world, method, filled(path, {"measure": "weight"}), role)
        refused = answer.status_code == 403 and answer.json()["code"] == "forbidden"
        assert refused is not may, (method, path, role, answer.text)
    assert known


def test_nobody_may_nothing(world: World, known: dict[str, str]) -> None:
    nobody = world.console.nobody()
    for method, path, _ in routes():
        answer = nobody.request(method, f"/api/v1{filled(path, known)}")
        assert world.code(answer)[0] == 401, (method, path)


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.TECHNICIAN, Role.AUDITOR])
def test_nothing_of_one_clinic_is_there_in_another(
    world: World, known: dict[str, str], role: Role
) -> None:
    for method, path, rights in routes():
        named = set(NAMES.findall(path))
        if not named & OF_A_CLINIC or not rights & RIGHTS[role] or path == ENDLESS:
            continue
        answer = asked(world, method, filled(path, known), role, 1)
        # 422: it was refused before anything was looked for.
        assert answer.status_code in {404, 409, 422}, (method, path, answer.text)
