"""`statement`: the account of custody of a month, as JSON for programs and HTML for people."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from gateway.cli import given
from gateway.cli.options import Page
from gateway.cli.output import JsonOption, print_json, print_table
from gateway.errors import WrongInput
from gateway.settings import load_settings
from gateway.storage.statement import HubAccount, Statement, statement

TEMPLATES = Path(__file__).parents[1] / "templates"


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("statement")(show)


def show(
    organisation: UUID,
    month: Annotated[str, typer.Option(help="As 2026-11.")],
    timezone: Annotated[str, typer.Option(help="Whose months; an IANA zone.")] = "UTC",
    html: Page = None,
    as_json: JsonOption = False,
) -> None:
    """State what every hub and patient took in a month. Example: statement ID --month 2026-11."""
    since, until = _month(month, given.zone(timezone))
    with load_settings().database().transaction() as connection:
        made = statement(connection, organisation, since, until)
    if html is not None:
        html.write_text(_page(made, month, timezone))
    if as_json:
        print_json(_plain(made))
        return
    print_table(f"{made.name}, {month}", [_row(hub) for hub in made.hubs], "No hub.")


def _month(text: str, zone: str) -> tuple[datetime, datetime]:
    """Return its first moment and the first of the next month, in UTC."""
    try:
        first = datetime.strptime(text, "%Y-%m").replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise WrongInput("--month is written like 2026-11.") from None
    after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return first.astimezone(UTC), after.astimezone(UTC)


def _row(hub: HubAccount) -> dict[str, object]:
    return {
        "hub": hub.name,
        "taken": hub.taken,
        "stored": hub.stored,
        "duplicate": hub.duplicate,
        "held": sum(hub.held.values()),
        "refused": sum(hub.refused.values()),
        "dropped by hub": hub.dropped_count,
        "missing": hub.missing_count,
    }


def _plain(made: Statement) -> dict[str, object]:
    told = made.model_dump(mode="json")
    for hub, account in zip(told["hubs"], made.hubs, strict=True):
        hub.update(taken=account.taken, missing_count=account.missing_count)
    return told


def _page(made: Statement, month: str, zone: str) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    template = environment.get_template("statement.html")
    return template.render(statement=made, month=month, zone=zone, now=datetime.now(UTC))
