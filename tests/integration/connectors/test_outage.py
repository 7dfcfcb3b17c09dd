"""A far side that is down for a day: nothing is lost, nobody is flooded, and it is seen at once."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from gateway.connectors.ports import Connector, Later, Put
from gateway.outbox.file import Entry
from gateway.storage.connectors import find_connector
from gateway.storage.database import Database
from simulators.far_sides import far_sides
from simulators.far_sides.faults import BAD_REQUEST, BROKEN, busy
from tests.fixtures.database import copied
from tests.integration.alerting.homes import one
from tests.integration.connectors.ward import Ward

RATE = 60


@pytest.fixture(scope="module")
def shared(embedded_url: str, template: str) -> Iterator[Database]:
    with copied(embedded_url, template) as database:
        yield database


@pytest.fixture
def ward(shared: Database, request: pytest.FixtureRequest) -> Iterator[Ward]:
    with far_sides()["salesforce"]() as side:
        ward = Ward.open(shared, side, f"crm-{abs(hash(request.node.name)) % 10**8}")
        common = ward.entry.common.model_copy(update={"rate_per_minute": RATE})
        ward.entry = Entry(ward.entry.name, common, ward.entry.connector)
        yield ward
        ward.leave()


def row(ward: Ward):  # type: ignore[no-untyped-def]
    with ward.database.transaction() as connection:
        return find_connector(connection, ward.now, ward.entry.name)


def many(ward: Ward, count: int) -> None:
    """Let there be so many tasks, one for an alert each, by copying the first."""
    ward.alerts()
    with ward.database.transaction() as connection:
        connection.execute(
            """INSERT INTO task (id, organisation_id, patient_id, rule_key, direction, queue,
                priority, title, sentence, due_at, created_at)
            SELECT gen_random_uuid(), organisation_id, patient_id, rule_key || n, direction, queue,
                priority, title, sentence, due_at, created_at
            FROM task, generate_series(2, %s) n WHERE organisation_id = %s""",
            [count, ward.site.organisation],
        )


def deaf(real: Connector) -> Connector:
    """Return the connector of a far side that takes tasks, and whose search fails."""

    class Deaf:
        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

        def changes(self, cursor: str | None, now: datetime) -> Later:  # noqa: ARG002
            return Later("http_503")

    return Deaf()  # type: ignore[return-value]


def test_a_day_down_loses_nothing_and_the_rate_is_kept_on_its_return(ward: Ward) -> None:
    side, port = ward.side, ward.side.port
    ward.settle()
    side.stop()
    down_at = ward.now
    many(ward, 40)
    while ward.now < down_at + timedelta(days=1):
        ward.look()
        ward.now += timedelta(seconds=30)
        if ward.now < down_at + timedelta(seconds=61):
            seen = row(ward)
    assert (seen.state, seen.waiting) == ("failing", 40)
    assert seen.down_since - down_at <= timedelta(minutes=1)
    assert (row(ward).waiting, row(ward).dead) == (40, 0)

    with far_sides()["salesforce"](port) as back:
        ward.side = back
        calls: list[float] = []
        began = ward.now
        while ward.waiting():
            before = len(back.requests)
            ward.look()
            # A task is one turn, of a look and a write, and a sign-in where the token is old.
            if len(back.requests) > before:
                calls.append((ward.now - began).total_seconds())
            ward.now += timedelta(seconds=0.25)
            assert ward.now < began + timedelta(hours=1)
        minutes = Counter(int(at // 60) for at in calls)
        assert max(minutes.values()) <= RATE
        assert Counter(task.key for task in back.tasks()) == Counter(
            task["id"] for task in ward.tasks()
        )
        ward.settle()
    assert row(ward).state == "well"


def test_what_is_done_there_before_it_is_first_heard_is_done_here(ward: Ward) -> None:
    """Its first look begins when it succeeds; tasks were told before."""
    ward.alerts()
    real = ward.entry.connector
    ward.entry = Entry(ward.entry.name, ward.entry.common, deaf(real))
    while ward.waiting():
        ward.look()
        ward.now += timedelta(seconds=5)
    ward.there(ward.task()["id"], status="in-progress", owner="Cleo There")
    ward.now += timedelta(hours=1)  # what is looked at again by a first look is less
    ward.entry = Entry(ward.entry.name, ward.entry.common, real)
    ward.settle()
    assert (ward.task()["status"], ward.task()["owner"]) == ("in-progress", "Cleo There")


def test_while_it_is_down_one_call_asks_for_all(ward: Ward) -> None:
    ward.settle()
    many(ward, 40)
    ward.side.faults.queue(*BROKEN * 200)
    ward.side.requests.clear()
    end = ward.now + timedelta(hours=1)
    while ward.now < end:
        ward.look()
        ward.now += timedelta(seconds=5)
    # 5 s, 10 s, ... 5 min: 7 in the first five minutes, then one in five.
    assert len(ward.side.requests) <= 20


def test_it_is_left_alone_as_long_as_it_asks(ward: Ward) -> None:
    ward.settle()
    ward.alerts()
    ward.side.faults.queue(busy(600))
    while row(ward).down_since is None:
        ward.look()
        ward.now += timedelta(seconds=1)
    ward.side.requests.clear()
    for _ in range(58):
        ward.look()
        ward.now += timedelta(seconds=10)
    assert not ward.side.requests
    ward.now += timedelta(seconds=60)
    ward.settle()
    assert row(ward).state == "well"


def test_one_that_is_refused_is_dead_at_once_and_holds_up_nobody(ward: Ward) -> None:
    ward.settle()
    many(ward, 3)
    ward.side.faults.queue(BAD_REQUEST, on="write")
    ward.settle()
    found = row(ward)
    assert (found.state, found.dead, found.waiting) == ("dead", 1, 0)
    assert len(ward.side.tasks()) == 2

    from gateway.storage.connectors import dead_letters, replay

    with ward.database.transaction() as connection:
        (letter,) = dead_letters(connection, ward.entry.id)
        assert replay(connection, ward.entry.id) == 1
    assert letter.error == "http_400"
    ward.settle()
    assert row(ward).state == "well"
    assert len(ward.side.tasks()) == 3


def test_a_search_that_fails_is_no_reason_not_to_tell(ward: Ward) -> None:
    ward.side.faults.queue(*BROKEN * 10)
    ward.look()
    assert row(ward).state == "failing"
    ward.alerts()
    real = ward.entry.connector
    ward.side.faults.clear()
    ward.entry = Entry(ward.entry.name, ward.entry.common, deaf(real))
    for _ in range(60):
        ward.look()
        ward.now += timedelta(seconds=5)
    assert len(ward.side.tasks()) == 1
    found = row(ward)
    assert found.waiting == 0
    assert (found.state, found.error) == ("failing", "http_503"), "it takes tasks and is not heard"
    ward.entry = Entry(ward.entry.name, ward.entry.common, real)
    ward.now += timedelta(minutes=10)
    ward.settle()
    assert row(ward).state == "well"


def test_one_that_always_breaks_the_far_side_is_given_up_while_others_go(ward: Ward) -> None:
    ward.settle()
    many(ward, 3)
    first = "SELECT task_id FROM outbox WHERE connector_id = %s ORDER BY id LIMIT 1"
    poison = one(ward.database, first, [ward.entry.id])["task_id"]
    real = ward.entry.connector

    class Poisoned:
        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

        def put(self, work, known):  # type: ignore[no-untyped-def]
            return Later("http_500") if work.task == poison else real.put(work, known)

    ward.entry = Entry(ward.entry.name, ward.entry.common, Poisoned())  # type: ignore[arg-type]
    ward.settle(hours=12)
    found = row(ward)
    assert (found.dead, found.waiting) == (1, 0)
    assert len(ward.side.tasks()) == 2
    assert isinstance(real.check(), Put)
