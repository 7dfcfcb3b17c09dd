"""`schedule set`, `show`, `end`; `silence list`: who should measure when, and who does not."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import typer

from alerting.silence import EVERY_DAY, WHY, Cause, Schedule
from device_profiles.reading import Kind
from gateway.audit.operators import by_operator
from gateway.cli import given
from gateway.cli.groups import group
from gateway.cli.options import By, Organisation
from gateway.cli.output import JsonOption, print_json, print_table
from gateway.errors import WrongInput
from gateway.settings import load_settings
from gateway.storage.schedules import (
    SilenceRow,
    end_schedule,
    operator_lines,
    schedules,
    set_programme_schedule,
    set_schedule,
    silences,
)

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OURS: Final = {
    "nothing_arrives": "nothing arrives from any hub: broker, ingest, network",
    "held": "readings wait in quarantine: `quarantine list`",
}
Measure = Annotated[Kind, typer.Argument(help="What is measured.")]

Days = Annotated[str, typer.Option(help="As mon,wed,fri; or daily.")]
Grace = Annotated[float, typer.Option(min=0, help="Hours after the day, for late data.")]
Remind = Annotated[int, typer.Option(min=1, help="Missed days until a reminder.")]
Task = Annotated[int, typer.Option(min=1, help="Missed days until a task.")]
Review = Annotated[int, typer.Option(min=1, help="Silent days until a review.")]
Reason = Annotated[str, typer.Option(help="Why; everybody reads it.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    schedule = group(app, "schedule", "Which patient measures what on which days.")
    for name, command in (("set", set_), ("programme", programme), ("show", show), ("end", end)):
        schedule.command(name)(command)
    group(app, "silence", "From whom nothing comes, and why.").command("list")(list_)


def set_(
    patient: UUID,
    measure: Measure,
    days: Days = "daily",
    grace: Grace = 6,
    remind: Remind = 1,
    task: Task = 3,
    review: Review = 21,
    reason: Reason = "as agreed",
    by: By = "",
) -> None:
    """Say when a patient measures. Example: schedule set PATIENT weight --days mon,wed,fri.

    It begins tomorrow, in the patient's own days. A schedule of the same measure ends.
    """
    schedule, author = _schedule(days, grace, (remind, task, review)), given.who(by)
    with load_settings().database().transaction() as connection:
        set_schedule(connection, patient, measure, schedule, author, _reason(reason))
        by_operator(connection, author, "schedule.set", "patient", patient, measure=measure)
    print("set")


def programme(
    key: Annotated[str, typer.Argument(help="The programme's key, as hypertension.")],
    measure: Measure,
    organisation: Organisation,
    days: Days = "daily",
    grace: Grace = 6,
    remind: Remind = 1,
    task: Task = 3,
    review: Review = 21,
    reason: Reason = "as agreed",
    by: By = "",
) -> None:
    """Say when the members of a programme measure. Example: schedule programme heart weight --organisation ID.

    A member's own schedule of the same measure goes before it.
    """  # noqa: E501 - one sentence with its example
    schedule, author = _schedule(days, grace, (remind, task, review)), given.who(by)
    with load_settings().database().transaction() as connection:
        set_programme_schedule(
            connection, organisation, key, measure, schedule, author, _reason(reason)
        )
        by_operator(connection, author, "schedule.set", "organisation", organisation, programme=key)
    print("set")


def end(patient: UUID, measure: Measure) -> None:
    """Expect nothing any more. Example: schedule end PATIENT weight."""
    with load_settings().database().transaction() as connection:
        ended = end_schedule(connection, patient, measure, datetime.now(UTC))
        name = given.somebody()
        by_operator(connection, name, "schedule.end", "patient", patient, measure=measure)
    print("ended" if ended else "Nothing was expected.")


def show(
    patient: Annotated[UUID | None, typer.Argument(help="Only this one.")] = None,
    ended: Annotated[bool, typer.Option("--ended", help="Also earlier ones.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show who measures what on which days. Example: schedule show PATIENT."""
    with load_settings().database().transaction() as connection:
        rows = schedules(connection, patient, ended=ended)
    if as_json:
        print_json(rows)
        return
    shown = [
        {
            "patient": row["patient"],
            "measure": row["measure"],
            "days": _shown(row["days"]),
            "grace": row["grace"],
            "asks after": f"{row['remind_after']}, {row['task_after']}, {row['review_after']}",
            "since": f"{row['since']:%Y-%m-%d}",
            "until": row["until"] and f"{row['until']:%Y-%m-%d}",
            "by": row["author"],
        }
        for row in rows
    ]
    print_table("Schedules", shown, "No schedule; `schedule set` makes one.")


def list_(
    organisation: Annotated[UUID | None, typer.Option(help="Only of this one.")] = None,
    ended: Annotated[bool, typer.Option("--ended", help="Also what is over.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List from whom nothing comes, why, and who has it. Example: silence list --json.

    `remind` is for the coordinator: Hearthline sends nothing to patients.
    """
    with load_settings().database().transaction() as connection:
        rows = silences(connection, organisation, ended=ended)
        ours = operator_lines(connection, organisation)
    if as_json:
        print_json({"silences": [row.model_dump(mode="json") for row in rows], "operators": ours})
        return
    print_table("No readings", [_line(row) for row in rows], "Everybody measures as agreed.")
    for line in ours:
        print(f"operators: since {line['since']:%Y-%m-%d %H:%M} UTC {OURS[line['what']]}")


def _line(row: SilenceRow) -> dict[str, Any]:
    return {
        "since": row.since,
        "patient": row.patient,
        "measure": row.measure,
        "missed": row.missed,
        "excused": row.excused,
        "why": WHY[Cause(row.held_by) if row.held_by else Cause.PATIENT],
        "do": row.step if row.step != "nothing" else f"suppressed: {row.held}",
        "task": row.review_id or row.task_id,
    }


def _schedule(days: str, grace: float, after: tuple[int, int, int]) -> Schedule:
    if list(after) != sorted(after):
        raise WrongInput("--remind is not above --task, and --task not above --review.")
    return Schedule(datetime.now(UTC), _days(days), timedelta(hours=grace), *after)


def _days(text: str) -> frozenset[int]:
    if text == "daily":
        return EVERY_DAY
    names = text.lower().split(",")
    if strange := [name for name in names if name not in DAYS]:
        raise WrongInput(f"No day {strange[0]!r}; days are {','.join(DAYS)}, or daily.")
    return frozenset(DAYS.index(name) + 1 for name in names)


def _shown(days: list[int]) -> str:
    return "daily" if len(days) == len(DAYS) else ",".join(DAYS[day - 1] for day in days)


def _reason(text: str) -> str:
    if len(text.strip()) < 3:
        raise WrongInput("A reason has three letters at least.")
    return text.strip()
