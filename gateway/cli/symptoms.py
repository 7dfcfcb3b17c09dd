"""`symptoms`: what patients tell of, which may bring limits nearer."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from gateway.audit.operators import by_operator
from gateway.care.dispositions import Answered
from gateway.cli import given
from gateway.cli.groups import group
from gateway.cli.options import By, Organisation
from gateway.cli.output import JsonOption, print_json, print_table
from gateway.errors import WrongInput
from gateway.settings import load_settings
from gateway.storage.symptoms import Answer, Symptom, add_answer, list_answers

Patient = Annotated[UUID, typer.Argument(help="The patient's id.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    symptoms = group(app, "symptoms", "What patients tell of their symptoms.")
    symptoms.command("add")(add)
    symptoms.command("list")(list_)


def add(
    patient: Patient,
    organisation: Organisation,
    answered_by: Annotated[Answered, typer.Option(help="Who told of them.")],
    flag: Annotated[list[Symptom] | None, typer.Option(help="A symptom; repeat for more.")] = None,
    none: Annotated[bool, typer.Option("--none", help="Asked, and there are none.")] = False,
    at: Annotated[datetime | None, typer.Option(help="When (UTC); default: now.")] = None,
    by: By = "",
) -> None:
    """Note an answer. Example: symptoms add ID --flag short_of_breath --answered-by patient ...

    Readings near it are evaluated again, by the limits that hold with symptoms.
    """
    if bool(flag) == none:
        raise WrongInput("Name symptoms by --flag, or say --none.")
    now = datetime.now(UTC)
    moment = at.replace(tzinfo=at.tzinfo or UTC) if at else now
    answer = Answer(moment, tuple(flag or ()), answered_by)
    with load_settings().database().transaction() as connection:
        again = add_answer(connection, organisation, patient, answer, given.who(by), now)
        by_operator(connection, given.who(by), "symptoms.add", "patient", patient)
    print(f"noted; {again} readings are evaluated again")


def list_(patient: Patient, organisation: Organisation, as_json: JsonOption = False) -> None:
    """List what a patient told, the newest first."""
    with load_settings().database().transaction() as connection:
        rows = list_answers(connection, organisation, patient)
    print_json(rows) if as_json else print_table("Symptoms", rows, "Nobody told of symptoms.")
