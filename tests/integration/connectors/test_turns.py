"""Whose turn it is at a far side, what is told after it was away, and what one bad row may stop."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from gateway.connectors.ports import Contents
from gateway.errors import WrongInput
from gateway.outbox.file import Entry
from gateway.storage import outbox
from gateway.storage.connectors import dead_letters, find_connector, not_done, replay
from gateway.storage.database import Database
from simulators.far_sides import FarSide, far_sides
from tests.fixtures.database import copied
from tests.fixtures.site import make_site
from tests.integration.alerting.homes import evaluate, take_glucoses
from tests.integration.connectors.ward import Ward


@pytest.fixture(scope="module")
def shared(embedded_url: str, template: str) -> Iterator[Database]:
    with copied(embedded_url, template) as database:
        yield database


@pytest.fixture(scope="module")
def side() -> Iterator[FarSide]:
    with far_sides()["salesforce"]() as side:
        yield side


@pytest.fixture
def ward(shared: Database, side: FarSide, request: pytest.FixtureRequest) -> Iterator[Ward]:
    side.reset()
    ward = Ward.open(shared, side, f"crm-{abs(hash(request.node.name)) % 10**8}")
    yield ward
    ward.leave()


def change(ward: Ward, **new: object) -> None:
    common = ward.entry.common.model_copy(update=new)
    ward.entry = Entry(ward.entry.name, common, ward.entry.connector)


def write(ward: Ward, query: str, *given: object) -> None:
    with ward.database.transaction() as connection:
        connection.execute(query, given)


@pytest.mark.parametrize("asked", [False, True], ids=["by itself", "by pings"])
def test_who_is_asked_at_every_turn_is_told_too(ward: Ward, asked: bool) -> None:
    change(ward, rate_per_minute=1)
    ward.alerts()
    for _ in range(6):
        if asked:
            write(ward, "UPDATE connector SET poll_at = least(poll_at, %s)", ward.now)
        ward.look()
        ward.now += timedelta(seconds=60)
    assert len(ward.side.tasks()) == 1


def test_while_tasks_wait_it_is_asked_what_changed(ward: Ward) -> None:
    ward.settle()
    change(ward, rate_per_minute=1)
    ward.alerts()
    (first,) = ward.tasks()
    ward.now += timedelta(minutes=3)
    for number in range(6):
        write(ward, "UPDATE task SET title = %s WHERE id = %s", f"{number}", first["id"])
        before = ward.state()["poll_at"]
        ward.look()
        if ward.state()["poll_at"] != before:
            return
        ward.now += timedelta(seconds=60)
    raise AssertionError("it was never asked")


def test_what_happened_while_it_was_away_is_told_on_its_return(ward: Ward) -> None:
    ward.alerts(1)
    ward.settle()
    (closed,) = ward.tasks()
    write(ward, "UPDATE connector SET active = false WHERE id = %s", ward.entry.id)
    write(
        ward,
        """UPDATE task SET status = 'cancelled', closed_at = now(), closed_by = 'worker',
        closed_reason = 'resolved' WHERE id = %s""",
        closed["id"],
    )
    take_glucoses(ward.site, ward.database, ("52", 1))
    evaluate(ward.database)
    assert ward.waiting() == 0
    with ward.database.transaction() as connection:
        outbox.register(connection, [ward.entry.row()])
    ward.settle()
    assert {task.key for task in ward.side.tasks()} == {task["id"] for task in ward.tasks()}
    assert ward.remote()[closed["id"]].status == "cancelled"
    assert len(ward.tasks()) > 1


def test_another_queue_is_told_from_then_on_with_what_is_open(ward: Ward) -> None:
    change(ward, queues=("technical",))
    with ward.database.transaction() as connection:
        outbox.register(connection, [ward.entry.row()])
    ward.alerts()
    change(ward, queues=("technical", "clinical"))
    for count in (1, 1):
        with ward.database.transaction() as connection:
            outbox.register(connection, [ward.entry.row()])
        assert ward.waiting() == count
    ward.settle()
    assert len(ward.side.tasks()) == 1


def test_a_wrong_organisation_is_told_by_name(ward: Ward) -> None:
    row = dict(ward.entry.row())
    with (
        pytest.raises(WrongInput, match="no organisation"),
        ward.database.transaction() as connection,
    ):
        outbox.register(connection, [row | {"id": uuid4(), "name": "x", "organisation": uuid4()}])
    other = make_site(ward.database).organisation
    with (
        pytest.raises(WrongInput, match="another organisation"),
        ward.database.transaction() as connection,
    ):
        outbox.register(connection, [row | {"id": uuid4(), "organisation": other}])


def test_a_task_of_which_nothing_can_be_said_holds_up_nobody(ward: Ward) -> None:
    ward.settle()
    change(ward, contents=Contents.FULL)
    ward.alerts(2)
    first, *others = ward.tasks()
    write(ward, """UPDATE task SET evidence = '[{"reading_id": 1}]' WHERE id = %s""", first["id"])
    ward.settle()
    assert {task.key for task in ward.side.tasks()} == {task["id"] for task in others}
    with ward.database.transaction() as connection:
        (letter,) = dead_letters(connection, ward.entry.id)
    assert (letter.task_id, letter.error) == (first["id"], "KeyError")


def test_what_waited_for_a_lock_in_vain_is_applied_later(ward: Ward) -> None:
    ward.alerts()
    ward.settle()
    task = ward.task()["id"]
    ward.there(task, status="in-progress", owner="Cleo There")
    ward.now += timedelta(minutes=2)
    while not ward.waiting():
        ward.look()
    ward.leave()
    ward.connection = ward.database.connect(autocommit=True)
    ward.connection.execute("SET lock_timeout = '20ms'")
    with ward.database.transaction() as other:
        other.execute("SELECT FROM task WHERE id = %s FOR UPDATE", [task])
        with pytest.raises(psycopg.errors.LockNotAvailable):
            ward.look()
    ward.settle()
    assert ward.task()["owner"] == "Cleo There"


def test_what_our_program_could_not_apply_is_seen_and_tried_again(ward: Ward) -> None:
    ward.alerts()
    ward.settle()
    task = ward.task()["id"]
    ward.there(task, status="in-progress", owner="Cleo There")
    ward.now += timedelta(minutes=2)
    while not ward.waiting():
        ward.look()
    good = "jsonb_set(body, '{status}', '\"in-progress\"')"
    write(ward, "UPDATE inbox SET body = jsonb_set(body, '{status}', '1') WHERE state = 'waiting'")
    ward.look()
    with ward.database.transaction() as connection:
        found = find_connector(connection, ward.now, ward.entry.name)
        assert (found.state, found.dead) == ("dead", 1)
        (line,) = not_done(connection, ward.entry.id)
        assert (line.state, line.reason) == ("dead", "ValidationError")
        connection.execute(f"UPDATE inbox SET body = {good} WHERE state = 'dead'")  # noqa: S608
        assert replay(connection, ward.entry.id, task) == 1
    ward.settle()
    assert ward.task()["owner"] == "Cleo There"
