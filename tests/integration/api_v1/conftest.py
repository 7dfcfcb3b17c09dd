"""Two clinics with a home each: readings that broke rules, and who works there."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from gateway.access.rights import Role
from tests.fixtures.console import Console
from tests.fixtures.site import Site, make_site
from tests.integration.alerting.homes import evaluate, take_glucoses, take_pressures


@dataclass
class World:
    """What the tests of a file share; each leaves what it made."""

    console: Console
    sites: tuple[Site, ...] = ()

    @property
    def patient(self) -> UUID:
        return self.sites[0].patient

    def get(self, path: str, role: Role = Role.COORDINATOR, which: int = 0, **params: Any) -> Any:
        """Return what is answered, which must be 200."""
        answer = self.ask("GET", path, role, which, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(
        self,
        path: str,
        body: Any = None,
        role: Role = Role.COORDINATOR,
        which: int = 0,
        **headers: str,
    ) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, role, which, json=body, headers=named)

    def ask(
        self, method: str, path: str, role: Role, which: int = 0, **more: Any
    ) -> httpx2.Response:
        return self.console.client(role, which).request(method, f"/api/v1{path}", **more)

    def code(self, answer: httpx2.Response) -> tuple[int, str]:
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        return answer.status_code, answer.json()["code"]


@pytest.fixture(scope="module")
def world(console: Console) -> World:
    made = []
    for organisation in console.organisations:
        site = make_site(console.database, organisation)
        take_glucoses(site, console.database, ("66", 2), ("50", 1))
        take_pressures(site, console.database, (184, 120, 30), (190, 121, 2), (120, 80, 200))
        made.append(site)
    evaluate(console.database)
    return World(console, tuple(made))


@pytest.fixture(scope="module")
def known(world: World) -> dict[str, str]:
    """Give ids of what is there in the first clinic, by the name that paths have for it."""

    def first(path: str, role: Role = Role.COORDINATOR) -> str:
        return str(world.get(path, role)["items"][0]["id"])

    patient = str(world.patient)
    return {
        "patient": patient,
        "task": first("/tasks"),
        "alert": first("/alerts"),
        "reading": first(f"/patients/{patient}/readings"),
        "hub": first("/hubs"),
        "device": first("/devices"),
        "person": str(world.console.people[Role.AUDITOR, 0]),
        "rule": "spo2_low",
        "measure": "weight",
    }


@pytest.fixture
def key() -> str:
    return uuid4().hex
