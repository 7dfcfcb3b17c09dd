"""`tasks`: the worklist on a terminal."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError

from gateway.audit.operators import by_operator
from gateway.care import tasks
from gateway.care.about import about
from gateway.care.dispositions import Answered, Disposition, Outcome, RedFlag, SymptomCheck, Urgency
from gateway.care.moves import CLOSED
from gateway.care.red_flags import asked_for
from gateway.cli import given
from gateway.cli.options import By
from gateway.cli.output import JsonOption, print_json, print_table
from gateway.errors import WrongInput
from gateway.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    group = typer.Typer(help="The worklist.", no_args_is_help=True)
    for name, command in (
        ("list", list_),
        ("show", show),
        ("accept", accept),
        ("complete", complete),
    ):
        group.command(name)(command)
    app.add_typer(group, name="tasks")


def list_(
    queue: Annotated[
        str | None, typer.Option(help="clinical, adherence or technical; default: all.")
    ] = None,
    closed: Annotated[bool, typer.Option("--closed", help="Also closed ones.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 200,
    as_json: JsonOption = False,
) -> None:
    """List tasks, the most urgent first. Example: tasks list --queue clinical."""
    known = {"clinical": "clinical", "adherence": "adherence", "technical": "technical"}
    if queue is not None and queue not in known:
        raise WrongInput(f"No queue {queue!r}; there are {', '.join(known)}.")
    with load_settings().database().transaction() as connection:
        rows = tasks.list_tasks(connection, queue=queue, closed=closed, limit=limit)  # type: ignore[arg-type]
    if as_json:
        print_json([row.model_dump(mode="json") for row in rows])
        return
    print_table(
        "Tasks",
        [
            {
                "priority": row.priority,
                "due": row.due_at,
                "patient": row.patient,
                "why": row.sentence,
                "status": row.status,
                "id": row.id,
            }
            for row in rows
        ],
        "No open task.",
    )


def show(task: UUID, as_json: JsonOption = False) -> None:
    """Show a task with its evidence and history."""
    with load_settings().database().transaction() as connection:
        detail = tasks.show_task(connection, task)
    if as_json:
        print_json(detail.model_dump(mode="json"))
        return
    print(f"{detail.priority} {detail.queue} task for {detail.patient}, {detail.status}")
    print(detail.sentence)
    print(f"due {detail.due_at:%Y-%m-%d %H:%M} UTC")
    if detail.queue == "clinical" and detail.status not in CLOSED:
        flags = asked_for(
            about(detail.queue, detail.rule_key, detail.direction, detail.explanation)
        )
        print(f"red flags to ask for: {', '.join(flags)}")
    for line in detail.evidence:
        print(f"  {line.measured_at:%Y-%m-%d %H:%M} UTC  {line.sentence}")
    print_table(
        "History",
        [
            {"at": line.at, "event": line.event, "by": line.actor, "severity": line.severity}
            for line in detail.history
        ],
        "",
    )


def accept(task: UUID, by: By = "") -> None:
    """Take a task. Example: tasks accept ID --by "N. Night"."""
    actor = given.who(by)
    with load_settings().database().transaction() as connection:
        tasks.accept_task(connection, task, actor, datetime.now(UTC))
        by_operator(connection, actor, "task.take", "task", task)
    print("accepted")


def complete(
    task: UUID,
    urgency: Urgency,
    outcome: Outcome,
    actionable: Annotated[bool, typer.Option(help="Was there something to do?")],
    attempts: Annotated[int | None, typer.Option(min=1, help="Calls without an answer.")] = None,
    symptoms_from: Annotated[
        Answered | None, typer.Option(help="Who answered the symptom check; P1 needs one.")
    ] = None,
    red_flag: Annotated[list[RedFlag] | None, typer.Option(help="What was found; repeat.")] = None,
    note: Annotated[str, typer.Option()] = "",
    by: By = "",
) -> None:
    """Close a task. Example: tasks complete ID self_care repeat_normal --no-actionable."""
    now, actor = datetime.now(UTC), given.who(by)
    if red_flag and symptoms_from is None:
        raise WrongInput("A red flag needs --symptoms-from: who told of it?")
    check = (
        SymptomCheck(answered_by=symptoms_from, at=now, red_flags=tuple(red_flag or ()))
        if symptoms_from
        else None
    )
    try:
        disposition = Disposition(
            urgency=urgency,
            outcome=outcome,
            actionable=actionable,
            attempts=attempts,
            symptom_check=check,
            note=note,
        )
    except ValidationError as error:
        raise WrongInput(error.errors(include_input=False)[0]["msg"] + ".") from None
    with load_settings().database().transaction() as connection:
        tasks.complete_task(connection, task, actor, disposition, now)
        by_operator(connection, actor, "task.complete", "task", task, outcome=outcome)
    print("completed")
