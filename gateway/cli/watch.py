"""`watch`: readings, duplicates, quarantine and tasks as they happen."""

import json
import time
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

from gateway.cli.output import JsonOption
from gateway.settings import load_settings
from gateway.storage.database import database_errors
from gateway.storage.watch import Watch

EVERY_S: Final = 0.25


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("watch")(watch)


Since = Annotated[
    datetime | None, typer.Option(help="Also what happened since then (UTC); default now.")
]


def watch(since: Since = None, as_json: JsonOption = False) -> None:
    """Show what happens until Ctrl-C. It shows health values: for eyes that may see them."""
    happening = Watch(since.replace(tzinfo=UTC) if since else datetime.now(UTC))
    with load_settings().database().connect(autocommit=True) as connection, database_errors():
        while True:
            for event in happening.new(connection, datetime.now(UTC)):
                print(_line(event, as_json), flush=True)
            time.sleep(EVERY_S)


def _line(event: dict[str, Any], as_json: bool) -> str:
    if as_json:
        return json.dumps(event, default=str)
    who = event.get("patient", "")
    return f"{event['at']:%H:%M:%S} {event['event']:<11} {who:<16} {event.get('text') or ''}"
