"""`alerts suppressed`, `tasks snooze`, `tasks wake`: what is kept quiet, by whom, until when."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer

from gateway.audit.operators import by_operator
from gateway.care.snoozes import snooze_task, wake_task
from gateway.cli import given
from gateway.cli.groups import group
from gateway.cli.output import JsonOption, print_json, print_table
from gateway.errors import WrongInput
from gateway.settings import load_settings
from gateway.storage.suppressed import list_suppressed

By = Annotated[str, typer.Option(help="Who does it; default: who is signed in here.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    tasks = group(app, "tasks", "The worklist.")
    tasks.command("snooze")(snooze)
    tasks.command("wake")(wake)
    group(app, "alerts", "Alerts: episodes in which a rule held.").command("suppressed")(suppressed)


def snooze(
    task: UUID,
    hours: Annotated[float, typer.Option(help="At most 24, and 4 for P1 and P2.")],
    reason: Annotated[str, typer.Option(help="Why; everybody reads it.")],
    component: Annotated[
        bool, typer.Option("--component", help="All rules over the same value, not only this one.")
    ] = False,
    by: By = "",
) -> None:
    """Keep a task quiet for a time. Example: tasks snooze ID --hours 2 --reason "at dialysis".

    What gets worse than it is now rings, and so does the other direction.
    """
    owner, now = given.who(by), datetime.now(UTC)
    if not 0 < hours <= 24:  # nan is neither
        raise WrongInput("A snooze is of 24 hours at most.")
    with load_settings().database().transaction() as connection:
        until = snooze_task(
            connection, task, owner, reason, timedelta(hours=hours), now, whole_component=component
        )
        by_operator(connection, owner, "task.snooze", "task", task, until=until)
    print(f"quiet until {until:%Y-%m-%d %H:%M} UTC")


def wake(task: UUID, by: By = "") -> None:
    """End a snooze before its time. Example: tasks wake ID."""
    with load_settings().database().transaction() as connection:
        count = wake_task(connection, task, given.who(by), datetime.now(UTC))
        by_operator(connection, given.who(by), "task.wake", "task", task)
    print("awake" if count else "It was not snoozed.")


def suppressed(
    ended: Annotated[bool, typer.Option("--ended", help="Also what is held back no more.")] = False,
    organisation: Annotated[UUID | None, typer.Option(help="Only of this organisation.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 200,
    as_json: JsonOption = False,
) -> None:
    """List alerts without a task and tasks that nobody was told of, each with its reason."""
    with load_settings().database().transaction() as connection:
        rows = list_suppressed(connection, organisation=organisation, ended=ended, limit=limit)
    if as_json:
        print_json([row.model_dump(mode="json") for row in rows])
        return
    print_table(
        "Suppressed",
        [
            {
                "since": row.since,
                "severity": row.severity,
                "patient": row.patient,
                "rule": row.rule_key,
                "what": row.what,
                "why": row.reason,
                "until": row.ended_at or row.until,
                "id": row.alert_id or row.task_id,
            }
            for row in rows
        ],
        "Nothing is held back.",
    )
