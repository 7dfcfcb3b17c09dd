"""`patient`: who is cared for."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from gateway.audit.operators import by_operator
from gateway.cli import given
from gateway.cli.options import By, Organisation, Zone
from gateway.cli.output import JsonOption, print_id, print_json, print_table
from gateway.settings import load_settings
from gateway.storage import homes

if TYPE_CHECKING:
    from gateway.care.import_patients import Plan

Language = Annotated[str, typer.Option(help="Of those whose line names none, as en or es.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check the file; import nobody.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    patient = typer.Typer(help="Patients.", no_args_is_help=True)
    patient.command("add")(add)
    patient.command("import")(import_)
    patient.command("template")(template)
    app.add_typer(patient, name="patient")


def add(
    name: str, organisation: Organisation, timezone: Zone = "UTC", as_json: JsonOption = False
) -> None:
    """Add a patient. Example: patient add "Ada L." --organisation ID --timezone Europe/Vienna."""
    given_name, zone = given.name(name), given.zone(timezone)
    with load_settings().database().transaction() as connection:
        id_ = homes.add_patient(connection, organisation, given_name, zone)
        by_operator(connection, given.somebody(), "patient.register", "patient", id_)
    print_id(id_, as_json)


def template() -> None:
    """Print a CSV file with all columns. Example: patient template > patients.csv."""
    from gateway.care.import_patients import template_file

    print(template_file(), end="")


def import_(
    file: Path,
    organisation: Organisation,
    dry_run: DryRun = False,
    timezone: Zone = "UTC",
    language: Language = "en",
    by: By = "",
    as_json: JsonOption = False,
) -> None:
    """Import patients from a CSV file: all, or none. Example: patient import new.csv --organisation ID --dry-run.

    Every problem is told by line and column; `patient template` prints the columns.
    """  # noqa: E501 - one sentence with its example
    from gateway.care.import_patients import carry_out, plan
    from gateway.storage.consents import By as Person

    octets, who, now = file.read_bytes(), given.who(by), datetime.now(UTC)
    defaults = {"timezone": given.zone(timezone), "language": language}
    with load_settings().database().transaction() as connection:
        homes.must_exist(connection, "organisation", organisation)
        planned = plan(connection, organisation, octets, now.date(), defaults)
        made = []
        if planned.fits and not dry_run:
            made = carry_out(connection, organisation, planned, Person(who), now)
            for patient in made:
                by_operator(connection, who, "patient.import", "patient", patient)
    _tell(planned, made, dry_run, as_json)
    if planned.problems:
        raise typer.Exit(2)


def _tell(planned: "Plan", made: Sequence[UUID], dry_run: bool, as_json: bool) -> None:
    problems = [
        {"line": each.line, "column": each.column, "problem": str(each.said)}
        for each in planned.problems
    ]
    if as_json:
        told = {"read": planned.read, "imported": len(made), "dry_run": dry_run, "patients": made}
        print_json({**told, "problems": problems})
        return
    if problems:
        print_table("Problems", problems, "")
        print(f"Nobody of {planned.read} was imported. Put these right and import the file again.")
    elif dry_run:
        print(f"The file is in order: {planned.read} patients. Nobody was imported: --dry-run.")
    else:
        print(f"Imported {len(made)} patients.")
