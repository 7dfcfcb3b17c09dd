"""What only OpenMRS does: old releases that know fewer states, and a switch that must be on."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from gateway.care.moves import Status
from gateway.connectors import kinds
from gateway.connectors.ports import Changed, Changes, Connector, Known, Later
from simulators.far_sides.openmrs import KNOWN, OpenMrs
from tests.integration.connectors.works import full, minimal, put, taken


@pytest.fixture(scope="module")
def running() -> Iterator[OpenMrs]:
    with OpenMrs() as side:
        yield side


@pytest.fixture
def side(running: OpenMrs, monkeypatch: pytest.MonkeyPatch) -> OpenMrs:
    running.reset()
    # What a test changes of it is put back.
    monkeypatch.setattr(running, "release", running.release)
    monkeypatch.setattr(running, "upsert", running.upsert)
    return running


def connector(side: OpenMrs) -> Connector:
    return kinds()["openmrs"].build(side.table())


@pytest.mark.parametrize("release", sorted(KNOWN))
@pytest.mark.parametrize("status", Status)
def test_every_state_can_be_read_again(side: OpenMrs, release: str, status: Status) -> None:
    side.release = release
    one, work = connector(side), full()
    begun = one.changes(None, datetime.now(UTC))
    assert isinstance(begun, Changes)
    put(one, taken(work, status=status), put(one, work))
    told = one.changes(begun.cursor, datetime.now(UTC))
    assert isinstance(told, Changes)
    assert [each.status for each in told.items] == [one.reads_as(status)]


def test_without_the_switch_nothing_is_there(side: OpenMrs) -> None:
    side.upsert = False
    assert connector(side).put(minimal(), None) == Later("upsert_of_task_is_off")
    assert side.tasks() == []


def test_a_word_that_the_release_lacks_ends_every_search(side: OpenMrs) -> None:
    """Why the oldest release is meant where the file says none."""
    side.release = "3.0"
    newer = kinds()["openmrs"].build({**side.table(), "release": "4.1"})
    work = minimal()
    newer.put(taken(work, status=Status.ON_HOLD), None)
    assert newer.changes(None, datetime.now(UTC)) == Later("http_500")


def test_who_is_unknown_there_stands_in_the_note(side: OpenMrs) -> None:
    one, work = connector(side), full()
    put(one, taken(work, owner="Zoe Old"))
    (task,) = side.tasks()
    assert task.owner is None
    assert "Zoe Old has it." in task.body


def test_a_note_of_theirs_is_a_change(side: OpenMrs) -> None:
    one, work = connector(side), full()
    known = put(one, work)
    side.edit(work.task, status="in-progress")
    changed = one.put(taken(work), Known(known.remote_id, None))
    assert isinstance(changed, Changed)
    assert changed.remote.status is Status.IN_PROGRESS
