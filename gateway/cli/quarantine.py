"""`quarantine`: what is held, why, and another try for it."""

from typing import Annotated
from uuid import UUID

import typer

from gateway.cli.output import JsonOption, print_json, print_table
from gateway.identity.files import SiteKeys
from gateway.ingest.batch import Batch, Keys
from gateway.settings import load_settings
from gateway.storage import quarantine


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    group = typer.Typer(help="What arrived but is not accepted.", no_args_is_help=True)
    group.command("list")(show)
    group.command("replay")(replay)
    app.add_typer(group, name="quarantine")


def show(
    every: Annotated[bool, typer.Option("--all", help="Also what was released.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List what is held, oldest first, with the reason. Example: quarantine list --json."""
    with load_settings().database().transaction() as connection:
        rows = [held.model_dump(mode="json") for held in quarantine.held(connection, every)]
    if as_json:
        print_json(rows)
    else:
        print_table("Quarantine", rows, "Nothing is held.")


def replay(ids: list[UUID], as_json: JsonOption = False) -> None:
    """Offer held envelopes to ingest again, after what was wrong is put right."""
    settings = load_settings()
    site = SiteKeys(settings.keys)
    keys = Keys(site.recipients(), site.receipt_key())
    results = []
    for id_ in ids:
        with settings.database().transaction() as connection:
            delivery = quarantine.take(connection, id_)
            outcome = Batch(connection, keys).accept([delivery])
            if not outcome.quarantined:
                quarantine.release(connection, id_)
        reason = next(iter(outcome.quarantined), None)
        results.append({"id": str(id_), "accepted": reason is None, "reason": reason})
    if as_json:
        print_json(results)
    else:
        print_table("Replayed", results, "")
