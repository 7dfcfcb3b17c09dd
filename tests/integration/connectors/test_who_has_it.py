"""Who has a task, here and there, one change after the other: nobody's change is lost or undone."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from gateway.care.hands import move_task, release_task
from gateway.care.moves import Status
from gateway.care.tasks import accept_task
from gateway.connectors.ports import Remote
from gateway.storage.database import Database
from gateway.storage.outbox import LOOK, receive
from simulators.far_sides import FarSide, far_sides
from tests.fixtures.database import copied
from tests.integration.alerting.homes import one
from tests.integration.connectors.ward import Ward


@pytest.fixture(scope="module")
def shared(embedded_url: str, template: str) -> Iterator[Database]:
    with copied(embedded_url, template) as database:
        yield database


@pytest.fixture(scope="module", params=["fhir", "salesforce"])
def side(request: pytest.FixtureRequest) -> Iterator[FarSide]:
    with far_sides()[request.param]() as side:
        yield side


@pytest.fixture
def ward(shared: Database, side: FarSide, request: pytest.FixtureRequest) -> Iterator[Ward]:
    """A ward whose one task is there."""
    side.reset()
    ward = Ward.open(shared, side, f"{side.kind}-{abs(hash(request.node.name)) % 10**8}")
    ward.alerts()
    ward.settle()
    yield ward
    ward.leave()


def later(ward: Ward) -> None:
    ward.now += timedelta(minutes=2)
    ward.settle()


def is_so(ward: Ward, status: str, owner: str) -> None:
    """Look at it here and there."""
    task = ward.task()
    assert (task["status"], task["owner"]) == (status, owner)
    there = ward.remote()[task["id"]]
    assert (there.status, there.owner) == (Status(status), owner)


def test_who_was_asked_there_and_then_began_has_it(ward: Ward) -> None:
    task = ward.task()["id"]
    ward.there(task, owner="Cleo There")
    later(ward)
    ward.there(task, status="in-progress")
    later(ward)
    is_so(ward, "in-progress", "Cleo There")


def test_who_took_it_here_and_began_there_has_it(ward: Ward) -> None:
    task = ward.task()["id"]
    ward.there(task, status="in-progress", owner="Ann")
    assert ward.here(accept_task, task, "Ann")
    later(ward)
    is_so(ward, "in-progress", "Ann")
    assert "refused_elsewhere" not in ward.history(task)


def test_who_is_handed_it_there_goes_on_from_where_it_is(ward: Ward) -> None:
    task = ward.task()["id"]
    assert ward.here(accept_task, task, "Ann")
    assert ward.here(_to(Status.IN_PROGRESS), task, "Ann")
    later(ward)
    ward.there(task, owner="Bea")
    later(ward)
    is_so(ward, "in-progress", "Bea")


def test_who_had_it_before_may_have_it_again(ward: Ward) -> None:
    task = ward.task()["id"]
    ward.there(task, status="in-progress", owner="Bea")
    later(ward)
    assert ward.here(release_task, task, "Ann")
    assert ward.here(accept_task, task, "Ann")
    later(ward)
    is_so(ward, "accepted", "Ann")
    ward.there(task, owner="Bea")
    later(ward)
    assert ward.task()["owner"] == "Bea"


def test_what_was_given_back_there_before_we_told_it_is_given_back(ward: Ward) -> None:
    task = ward.task()["id"]
    ward.there(task, status="in-progress", owner="Bea")
    with ward.database.transaction() as connection:
        connection.execute(LOOK, [ward.entry.id])
    ward.now += timedelta(minutes=2)
    while ward.task()["status"] != "in-progress":
        assert ward.look()
        ward.now += timedelta(seconds=1)
    # Heard and applied, not yet told back.
    ward.there(task, status="requested")
    later(ward)
    assert ward.task()["status"] == "requested"


def test_what_a_message_calls_itself_is_not_what_the_far_side_calls_it(ward: Ward) -> None:
    task = ward.task()["id"]
    query = "SELECT remote_id, version FROM remote_task WHERE task_id = %s"
    before = one(ward.database, query, [task])
    ward.there(task, status="in-progress", owner="Bea")
    told = Remote(task, str(task), "msg_1", ward.now, Status.IN_PROGRESS, "Bea")
    with ward.database.transaction() as connection:
        assert receive(connection, ward.entry.id, told, "webhook", ward.now)
    assert ward.look() == 1
    assert one(ward.database, query, [task]) == before
    later(ward)
    is_so(ward, "in-progress", "Bea")


def _to(status: Status):  # type: ignore[no-untyped-def]
    def move(connection, task, by, now) -> None:  # type: ignore[no-untyped-def]
        move_task(connection, task, status, by, now)

    return move
