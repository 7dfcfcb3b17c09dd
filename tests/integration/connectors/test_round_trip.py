"""A task goes there, is worked there, and is closed here; who wins where both work at once."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from gateway.care.hands import move_task
from gateway.care.moves import Status
from gateway.care.tasks import accept_task, complete_task
from gateway.storage.connectors import elsewhere, not_done
from gateway.storage.database import Connection, Database
from simulators.far_sides import FarSide, far_sides
from tests.fixtures.database import copied
from tests.integration.alerting.homes import rows
from tests.integration.connectors.ward import Ward, end

CLOSED = {"urgency": "visit_24h", "outcome": "visit_booked", "actionable": True}
CHECKED = {"answered_by": "patient", "red_flags": []}


@pytest.fixture(scope="module")
def shared(embedded_url: str, template: str) -> Iterator[Database]:
    with copied(embedded_url, template) as database:
        yield database


@pytest.fixture(
    scope="module", params=sorted(name for name, kind in far_sides().items() if kind.two_way)
)
def side(request: pytest.FixtureRequest) -> Iterator[FarSide]:
    with far_sides()[request.param]() as side:
        yield side


@pytest.fixture
def ward(shared: Database, side: FarSide, request: pytest.FixtureRequest) -> Iterator[Ward]:
    """A ward whose one task, of the least priority that closes without a checklist, is there."""
    side.reset()
    number = abs(hash(request.node.name)) % 10**8
    ward = Ward.open(shared, side, f"{side.kind}-{number}")
    ward.alerts()
    with shared.transaction() as connection:
        connection.execute(
            "UPDATE task SET priority = 'P2' WHERE organisation_id = %s", [ward.site.organisation]
        )
    ward.settle()
    yield ward
    ward.leave()


def later(ward: Ward) -> None:
    """Let it be polled, and let everything settle."""
    ward.now += timedelta(minutes=2)
    ward.settle()


def actions(ward: Ward) -> list[str]:
    query = "SELECT action FROM audit WHERE organisation_id = %s AND actor_id = %s ORDER BY seq"
    return [
        row["action"] for row in rows(ward.database, query, [ward.site.organisation, ward.entry.id])
    ]


def test_closed_there_is_closed_here_with_its_outcome(ward: Ward) -> None:
    task = ward.task()["id"]
    ward.there(task, status="in-progress", owner="Cleo There")
    later(ward)
    assert (ward.task()["status"], ward.task()["owner"]) == ("in-progress", "Cleo There")
    ward.there(task, status="completed", end=CLOSED)
    later(ward)
    found = ward.task()
    assert found["status"] == "completed"
    assert found["closed_by"] == "Cleo There"
    assert {key: found["disposition"][key] for key in CLOSED} == CLOSED
    assert ward.history(task).count("changed_elsewhere") == 2
    assert actions(ward) == ["task.change-elsewhere", "task.change-elsewhere"]
    assert ward.remote()[task].status is Status.COMPLETED


def test_closed_here_is_closed_there(ward: Ward) -> None:
    task = ward.task()["id"]
    assert ward.here(accept_task, task, "Ann")
    assert ward.here(complete_task, task, "Ann", end(ward, "P2"))
    later(ward)
    told = ward.remote()[task]
    assert (told.status, told.outcome) == (Status.COMPLETED, "technique_taught")


def test_without_an_outcome_it_stays_open_here_and_is_opened_there(ward: Ward) -> None:
    task = ward.task()["id"]
    ward.there(task, status="completed")
    later(ward)
    assert ward.task()["status"] == "requested"
    assert "refused_elsewhere" in ward.history(task)
    assert ward.remote()[task].status is Status.REQUESTED
    with ward.database.transaction() as connection:
        (line,) = not_done(connection, ward.entry.id)
    assert "without saying what came of it" in line.reason
    assert actions(ward) == ["task.refuse-elsewhere"]


def test_a_red_task_does_not_close_there_without_its_checklist(ward: Ward) -> None:
    task = ward.task()["id"]
    with ward.database.transaction() as connection:
        connection.execute("UPDATE task SET priority = 'P1' WHERE id = %s", [task])
    later(ward)
    ward.there(task, status="completed", end=CLOSED)
    later(ward)
    assert ward.task()["status"] == "requested"
    ward.there(
        task,
        status="completed",
        end=CLOSED | {"symptom_check": CHECKED | {"at": ward.now.isoformat()}},
    )
    later(ward)
    assert ward.task()["status"] == "completed"
    assert ward.task()["disposition"]["symptom_check"]["answered_by"] == "patient"


def test_both_at_once_who_has_it_is_said_there(ward: Ward) -> None:
    task = ward.task()["id"]
    ward.there(task, status="in-progress", owner="Cleo There")
    assert ward.here(accept_task, task, "Ann")
    later(ward)
    found = ward.task()
    assert (found["status"], found["owner"]) == ("in-progress", "Cleo There")
    assert "task_released" in ward.history(task)


def test_both_at_once_what_is_closed_here_stays_closed(ward: Ward) -> None:
    task = ward.task()["id"]
    assert ward.here(accept_task, task, "Ann")
    assert ward.here(complete_task, task, "Ann", end(ward, "P2"))
    ward.there(task, status="in-progress", owner="Cleo There")
    later(ward)
    assert (ward.task()["status"], ward.task()["closed_by"]) == ("completed", "Ann")
    assert ward.remote()[task].status is Status.COMPLETED
    assert "refused_elsewhere" in ward.history(task)


def test_what_changed_here_only_is_not_undone_by_what_lies_there(ward: Ward) -> None:
    task = ward.task()["id"]
    assert ward.here(accept_task, task, "Ann")
    assert ward.here(_begin, task, "Ann")
    later(ward)
    assert (ward.task()["status"], ward.task()["owner"]) == ("in-progress", "Ann")
    assert actions(ward) == []


def test_where_it_is_elsewhere_is_known_of_the_task(ward: Ward) -> None:
    found = ward.task()
    with ward.database.transaction() as connection:
        (line,) = elsewhere(connection, found["organisation_id"], found["id"])
    assert (line.name, line.waiting, line.dead) == (ward.entry.name, False, False)
    assert line.put_at is not None


def _begin(connection: Connection, task: UUID, by: str, now: object) -> None:
    move_task(connection, task, Status.IN_PROGRESS, by, now)  # type: ignore[arg-type]
