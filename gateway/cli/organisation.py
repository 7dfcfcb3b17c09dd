"""`organisation`: the tenants."""

from typing import Annotated
from uuid import UUID

import typer

from gateway.cli import given
from gateway.cli.output import JsonOption, print_id
from gateway.errors import WrongInput
from gateway.settings import load_settings
from gateway.storage import homes


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    organisation = typer.Typer(help="Organisations: the tenants.", no_args_is_help=True)
    organisation.command("add")(add)
    organisation.command("units")(set_units)
    app.add_typer(organisation, name="organisation")


def add(name: str, as_json: JsonOption = False) -> None:
    """Add an organisation. Example: hearthline-gateway organisation add "Seaside Clinic"."""
    given_name = given.name(name)
    with load_settings().database().transaction() as connection:
        id_ = homes.add_organisation(connection, given_name)
    print_id(id_, as_json)


def set_units(
    organisation: Annotated[UUID, typer.Argument()],
    units: Annotated[list[str], typer.Argument(help="As mmol/L kPa °F lb: one per quantity.")],
) -> None:
    """Show numbers in a country's units too. Example: organisation units ID mmol/L kPa."""
    from alerting.units import by_quantity

    try:
        chosen = by_quantity(units)
    except ValueError as error:
        raise WrongInput(str(error)) from None
    with load_settings().database().transaction() as connection:
        homes.set_units(connection, organisation, chosen)
    print(", ".join(f"{quantity}: {unit}" for quantity, unit in chosen.items()))
