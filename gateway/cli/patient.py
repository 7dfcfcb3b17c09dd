"""`patient`: who is cared for."""

import typer

from gateway.cli import given
from gateway.cli.options import Organisation, Zone
from gateway.cli.output import JsonOption, print_id
from gateway.settings import load_settings
from gateway.storage import homes


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    patient = typer.Typer(help="Patients.", no_args_is_help=True)
    patient.command("add")(add)
    app.add_typer(patient, name="patient")


def add(
    name: str, organisation: Organisation, timezone: Zone = "UTC", as_json: JsonOption = False
) -> None:
    """Add a patient. Example: patient add "Ada L." --organisation ID --timezone Europe/Vienna."""
    given_name, zone = given.name(name), given.zone(timezone)
    with load_settings().database().transaction() as connection:
        id_ = homes.add_patient(connection, organisation, given_name, zone)
    print_id(id_, as_json)
