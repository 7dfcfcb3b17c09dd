"""Who sees a patient is recorded; a page that looks again by itself adds only whom it had not."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from starlette.responses import PlainTextResponse

from gateway.access.rights import Role
from tests.fixtures.console import Console
from tests.integration.web.work import add_patient, add_task

AGAIN = {"x-background": "live", "hx-request": "true"}


@pytest.fixture
def patient(console: Console) -> UUID:
    with console.database.transaction() as connection:
        return add_patient(connection, console.organisations[0], "Grace Hopper")


def entries(console: Console, action: str, patient: UUID) -> int:
    with console.database.transaction() as connection:
        row = connection.execute(
            "SELECT count(*) AS n FROM audit WHERE action = %s AND patients @> ARRAY[%s]",
            [action, patient],
        ).fetchone()
    assert row is not None
    n: int = row["n"]
    return n


@pytest.mark.parametrize(("path", "action"), [("", "patient.view"), ("/charts", "reading.points")])
def test_a_page_that_looks_again_is_recorded_once(
    console: Console, patient: UUID, path: str, action: str
) -> None:
    browser = console.client(Role.COORDINATOR)
    for _ in range(2):
        assert browser.get(f"/patients/{patient}{path}").status_code == 200
    assert entries(console, action, patient) == 2  # each time that somebody asked
    for _ in range(3):
        assert browser.get(f"/patients/{patient}{path}", headers=AGAIN).status_code == 200
    assert entries(console, action, patient) == 2
    # Nobody else is spared by it, nor who only says that it is the page.
    other = console.client(Role.CLINICIAN)
    assert other.get(f"/patients/{patient}{path}", headers=AGAIN).status_code == 200
    assert entries(console, action, patient) == 3


def test_who_is_new_on_the_worklist_is_recorded(console: Console, patient: UUID) -> None:
    browser = console.client(Role.COORDINATOR)
    browser.get("/worklist")
    with console.database.transaction() as connection:
        task = add_task(connection, console.organisations[0], patient, priority="P1")
    for _ in range(2):
        assert str(task) in browser.post("/worklist", headers=AGAIN).text
    assert entries(console, "worklist.view", patient) == 1
    # Another queue is another view.
    browser.post("/worklist", data={"queue": "technical"}, headers=AGAIN)
    with console.database.transaction() as connection:
        add_task(connection, console.organisations[0], patient, queue="technical")
    browser.post("/worklist", data={"queue": "technical"}, headers=AGAIN)
    assert entries(console, "worklist.view", patient) == 2


def test_after_minutes_it_is_recorded_again(
    console: Console, patient: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = console.client(Role.COORDINATOR)
    browser.get(f"/patients/{patient}")
    monkeypatch.setattr("gateway.web.looking.ANEW", timedelta(0))
    browser.get(f"/patients/{patient}", headers=AGAIN)
    assert entries(console, "patient.view", patient) == 2


def test_another_task_of_the_same_patient_is_another_view(console: Console, patient: UUID) -> None:
    browser = console.client(Role.COORDINATOR)
    with console.database.transaction() as connection:
        tasks = [add_task(connection, console.organisations[0], patient) for _ in range(2)]
    for task in (*tasks, *tasks):
        browser.get(f"/tasks/{task}", headers=AGAIN)
    assert entries(console, "task.view", patient) == 2


def closed_to_most(console: Console, patient: UUID) -> None:
    with console.database.transaction() as connection:
        team = uuid4()
        connection.execute(
            "INSERT INTO care_team (id, organisation_id, name, created_by, created_at)"
            " VALUES (%s, %s, %s, 'x', %s)",
            [team, console.organisations[0], team.hex, datetime.now(UTC)],
        )
        connection.execute(
            "UPDATE patient SET care_team_id = %s, restricted = true WHERE id = %s",
            [team, patient],
        )


def test_nobody_is_told_of_readings_who_may_not_see_them(
    console: Console, patient: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def heard_of(*given: Any) -> PlainTextResponse:
        return PlainTextResponse(str(given[-1]))

    for module in ("gateway.web.pages.live", "gateway.api.v1.changes"):
        monkeypatch.setattr(f"{module}.stream", heard_of)

    def asks(role: Role, which: int = 0) -> list[tuple[int, bool]]:
        paths = (f"{path}?patient={patient}" for path in ("/live", "/api/v1/changes"))
        answers = [console.client(role, which).get(path) for path in paths]
        return [(answer.status_code, answer.text == str(patient)) for answer in answers]

    assert asks(Role.COORDINATOR) == [(200, True), (200, True)]
    # A page goes on, and hears of no reading; a program is told why it gets nothing.
    assert asks(Role.TECHNICIAN) == [(200, False), (403, False)]
    assert asks(Role.CLINICIAN, 1) == [(404, False), (404, False)]
    closed_to_most(console, patient)
    assert asks(Role.COORDINATOR) == [(200, False), (403, False)]
