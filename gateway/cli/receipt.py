"""`hub receipt`: the proof that an installation works, printed and kept."""

import time
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from gateway.cli import given
from gateway.cli.groups import group
from gateway.cli.options import By, Page
from gateway.cli.output import JsonOption, print_json, print_table
from gateway.cli.statement import TEMPLATES
from gateway.enrolment.receipt import InstallationReceipt, NotYet, kept_receipt, make_receipt
from gateway.errors import NotFound
from gateway.settings import load_settings
from gateway.storage.database import Database

LOOK_S = 0.5


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    group(app, "hub").command("receipt")(receipt)


def receipt(
    hub: UUID,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the first reading.")] = 0.0,
    html: Page = None,
    again: Annotated[bool, typer.Option(help="Print the one that is kept; make none.")] = False,
    by: By = "",
    as_json: JsonOption = False,
) -> None:
    """Show one reading's way: taken, stored, evaluated, a test task. Example: hub receipt HUB --wait 120."""  # noqa: E501 - one sentence with its example
    database, who = load_settings().database(), given.who(by)
    made = _kept(database, hub) if again else _wait(database, hub, who, wait)
    if html is not None:
        html.write_text(_page(made), "utf-8")
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    steps = [step.model_dump() for step in made.steps]
    print_table(f"Installation receipt {made.id}: {made.name}", steps, "")
    print(f"Stored after {made.stored_s:.2f} s, evaluated after {made.evaluated_s:.2f} s.")


def _kept(database: Database, hub: UUID) -> InstallationReceipt:
    with database.transaction() as connection:
        found = kept_receipt(connection, hub)
    if found is None:
        raise NotFound("No receipt of this hub is kept.")
    return found


def _wait(database: Database, hub: UUID, by: str, seconds: float) -> InstallationReceipt:
    end = time.monotonic() + seconds
    while True:
        try:
            with database.transaction() as connection:
                return make_receipt(connection, hub, by, datetime.now(UTC))
        except NotYet:
            if time.monotonic() >= end:
                raise
        time.sleep(LOOK_S)


def _page(made: InstallationReceipt) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("receipt.html").render(receipt=made)
