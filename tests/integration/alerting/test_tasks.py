"""The worklist: order, evidence, who took it, how it ended."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from gateway.care.dispositions import Answered, Disposition, Outcome, SymptomCheck, Urgency
from gateway.care.moves import AlreadyTaken, MoveNotAllowed, Status, SymptomCheckMissing
from gateway.care.tasks import accept_task, complete_task, list_tasks, show_task
from gateway.errors import NotFound
from gateway.storage.database import Database
from tests.fixtures.site import Site, make_site
from tests.integration.alerting.homes import evaluate, one, take_glucoses, take_pressures

NOW = datetime.now(UTC)
CHECK = SymptomCheck(answered_by=Answered.PATIENT, at=NOW)


def ended(check: SymptomCheck | None = CHECK) -> Disposition:
    return Disposition(
        urgency=Urgency.SELF_CARE,
        outcome=Outcome.REPEAT_NORMAL,
        actionable=True,
        symptom_check=check,
        note="drank juice",
    )


@pytest.fixture
def hypo(embedded_database: Database) -> tuple[Database, Site]:
    """Give a home with one P1 task."""
    site = make_site(embedded_database)
    take_glucoses(site, embedded_database, ("66", 2), ("50", 1))
    evaluate(embedded_database)
    return embedded_database, site


def test_the_most_urgent_comes_first(hypo: tuple[Database, Site]) -> None:
    database, site = hypo
    other = make_site(database)
    take_pressures(site, database, (184, 55, 1))
    take_pressures(other, database, (84, 65, 1))
    evaluate(database)
    with database.transaction() as connection:
        tasks = list_tasks(connection)
        mine = list_tasks(connection, organisation=other.organisation)
        nobody = list_tasks(connection, queue="technical")
    assert [task.priority for task in tasks] == ["P1", "P2", "P2", "P3"]
    assert [task.patient for task in mine] == ["Test patient"]
    assert nobody == ()
    assert not tasks[0].overdue(tasks[0].created_at + timedelta(minutes=15))
    assert tasks[0].overdue(tasks[0].created_at + timedelta(minutes=16))


def test_a_task_shows_its_evidence_and_history(hypo: tuple[Database, Site]) -> None:
    database, _ = hypo
    with database.transaction() as connection:
        (task,) = list_tasks(connection)
        shown = show_task(connection, task.id)
    assert shown.readings == 2
    assert [line.severity for line in shown.evidence] == ["P2", "P1"]
    assert shown.evidence[1].sentence.startswith("Glucose 50 mg/dL at ")
    assert [line.event for line in shown.history] == ["opened", "task_requested"]
    assert shown.explanation is not None
    assert shown.explanation["rule_version"] == 4


def test_a_task_is_called_by_its_band_also_when_it_gets_worse(embedded_database: Database) -> None:
    site = make_site(embedded_database)
    for number, hours, said in (("66", 2, "Glucose low"), ("50", 1, "Glucose very low")):
        take_glucoses(site, embedded_database, (number, hours))
        evaluate(embedded_database)
        task = one(embedded_database, "SELECT title FROM task")
        assert task["title"] == said


def test_from_requested_to_completed(hypo: tuple[Database, Site]) -> None:
    database, _ = hypo
    with database.transaction() as connection:
        (task,) = list_tasks(connection)
        with pytest.raises(MoveNotAllowed):
            complete_task(connection, task.id, "nurse", ended(), NOW)
        accept_task(connection, task.id, "nurse", NOW)
        with pytest.raises(AlreadyTaken, match="nurse has it"):
            accept_task(connection, task.id, "other", NOW)
        with pytest.raises(SymptomCheckMissing):
            complete_task(connection, task.id, "nurse", ended(None), NOW)
        complete_task(connection, task.id, "nurse", ended(), NOW)
    assert one(database, "SELECT state FROM alert") == {"state": "acknowledged"}
    with database.transaction() as connection:
        assert list_tasks(connection) == ()
        (closed,) = list_tasks(connection, closed=True)
        shown = show_task(connection, closed.id)
    assert (shown.status, shown.owner, shown.closed_by) == (Status.COMPLETED, "nurse", "nurse")
    assert shown.disposition == ended()
    events = [(line.event, line.actor) for line in shown.history]
    assert events[2:] == [
        ("task_accepted", "nurse"),
        ("acknowledged", "nurse"),
        ("task_completed", "nurse"),
    ]


def test_new_evidence_after_the_end_is_a_new_task(hypo: tuple[Database, Site]) -> None:
    database, site = hypo
    with database.transaction() as connection:
        (task,) = list_tasks(connection)
        accept_task(connection, task.id, "nurse", NOW)
        complete_task(connection, task.id, "nurse", ended(), NOW)
    take_glucoses(site, database, ("65", 0.5))
    evaluate(database)
    with database.transaction() as connection:
        (again,) = list_tasks(connection)
        shown = show_task(connection, again.id)
    assert (again.priority, again.status, again.readings) == ("P2", "requested", 1)
    assert shown.sentence.startswith("Glucose 65 mg/dL ")
    assert one(database, "SELECT state, severity FROM alert") == {"state": "open", "severity": "P1"}


def test_a_task_that_is_not_there(embedded_database: Database) -> None:
    with embedded_database.connect() as connection:
        with pytest.raises(NotFound, match="tasks list"):
            show_task(connection, uuid4())
        with pytest.raises(NotFound):
            accept_task(connection, uuid4(), "nurse", NOW)
