"""Who has a task: asked of somebody, handed over, given back to everybody."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from gateway.care.follow_up import NewTask, make_task
from gateway.care.hands import assign_task, move_task, release_task
from gateway.care.moves import AlreadyTaken, MoveNotAllowed, Status
from gateway.care.tasks import accept_task, list_tasks, show_task
from gateway.errors import WrongInput
from gateway.storage.database import Database
from tests.fixtures.site import make_site
from tests.integration.alerting.homes import evaluate, one, take_glucoses

NOW = datetime.now(UTC)
NEXT = "SELECT next_action_at IS NOT NULL AS rings FROM escalation WHERE task_id = %s"


def test_from_hand_to_hand(embedded_database: Database) -> None:
    site = make_site(embedded_database)
    take_glucoses(site, embedded_database, ("50", 1))
    evaluate(embedded_database)
    ada, grace = uuid4(), uuid4()
    with embedded_database.transaction() as connection:
        (task,) = list_tasks(connection)
        assign_task(connection, task.id, ada, "Ada", "Grace", NOW)
        asked = show_task(connection, task.id)
        assert (asked.owner, asked.status) == ("Ada", Status.REQUESTED)
        accept_task(connection, task.id, "Grace", NOW, person=grace)
        with pytest.raises(AlreadyTaken, match="Grace has it"):
            accept_task(connection, task.id, "Ada", NOW, person=ada)
        connection.execute("UPDATE escalation SET next_action_at = NULL")  # its ladder was over
        move_task(connection, task.id, Status.ON_HOLD, "Grace", NOW)
        assign_task(connection, task.id, ada, "Ada", "Grace", NOW, note="end of shift")
        handed = show_task(connection, task.id)
        assert (handed.owner, handed.status) == ("Ada", Status.REQUESTED)  # she may be away
        assert connection.execute(NEXT, [task.id]).fetchone() == {"rings": True}
        accept_task(connection, task.id, "Ada", NOW, person=ada)
        connection.execute("UPDATE escalation SET next_action_at = NULL")
        release_task(connection, task.id, "Ada", NOW, note="lunch")
        with pytest.raises(MoveNotAllowed):
            release_task(connection, task.id, "Ada", NOW)
        shown = show_task(connection, task.id)
    assert (shown.owner, shown.status, shown.accepted_at) == (None, Status.REQUESTED, None)
    assert [line.event for line in shown.history][2:] == [
        "task_assigned",
        "task_accepted",
        "acknowledged",
        "task_waits",
        "task_handed_over",
        "task_accepted",
        "acknowledged",
        "task_released",
    ]
    assert one(embedded_database, NEXT, [task.id]) == {"rings": True}
    assert one(embedded_database, "SELECT state FROM alert") == {"state": "open"}


def test_a_task_made_by_hand_is_told_like_any_other(embedded_database: Database) -> None:
    site = make_site(embedded_database)
    new = NewTask(title="Call again", why="How is she?", due_at=NOW + timedelta(days=2))
    with embedded_database.transaction() as connection:
        place = (site.organisation, site.patient)
        task = make_task(connection, *place, new, "Grace", NOW)
        late = new.model_copy(update={"due_at": NOW})
        with pytest.raises(WrongInput):
            make_task(connection, *place, late, "Grace", NOW)
        (listed,) = list_tasks(connection)
    assert (listed.id, listed.priority, listed.due_ack_at) == (task, "P4", None)
    assert one(embedded_database, NEXT, [task]) == {"rings": True}
