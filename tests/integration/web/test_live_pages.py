"""A page hears of whatever changed while it was made: it listens from where its request began."""

import re
from importlib import import_module
from uuid import UUID

import pytest
from starlette.requests import Request

from gateway.access.rights import Role
from gateway.web.pages.live import live_from
from tests.fixtures.console import Console
from tests.integration.alerting.homes import until
from tests.integration.web.work import add_patient, add_task

MODULES = {
    "/worklist": "gateway.web.pages.worklist",
    "/patients/{patient}": "gateway.web.pages.patient",
    "/tasks/{task}": "gateway.web.task_page",
}


@pytest.mark.parametrize("path", MODULES)
def test_what_changes_while_a_page_is_made_is_told_to_it(
    console: Console, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    organisation = console.organisations[0]
    with console.database.transaction() as connection:
        patient = add_patient(connection, organisation, "Ada Late")
        task = add_task(connection, organisation, patient, title="Before")
    client = console.client(Role.COORDINATOR)
    feed = console.app.state.live
    places: list[str] = []

    def another() -> bool:
        with console.database.transaction() as connection:
            add_task(connection, organisation, patient, title="Too late for the page")
        return bool(feed.place != places[0])

    def late(request: Request, of: UUID | None = None) -> str:
        places.append(feed.place)
        until(another)
        return live_from(request, of)

    monkeypatch.setattr(import_module(MODULES[path]), "live_from", late)
    html = client.get(path.format(patient=patient, task=task)).text
    assert "Too late for the page" not in html
    (since,) = set(re.findall(r"/live\?since=([\w-]+)", html))
    assert int(since.split("-")[1]) <= int(places[0].split("-")[1])
