"""`quarantine`: what is held, why, and another try for it."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from gateway.audit.operators import by_operator
from gateway.care.held import decided
from gateway.cli.given import somebody, who
from gateway.cli.options import By
from gateway.cli.output import JsonOption, print_json, print_table
from gateway.identity.files import SiteKeys
from gateway.ingest.batch import Batch, Keys
from gateway.settings import Settings, load_settings
from gateway.storage import quarantine
from gateway.storage.database import Connection


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    group = typer.Typer(help="What arrived but is not accepted.", no_args_is_help=True)
    group.command("list")(show)
    group.command("replay")(replay)
    group.command("confirm")(confirm)
    group.command("refuse")(refuse)
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
    keys = _keys(settings)
    results = []
    for id_ in ids:
        with settings.database().transaction() as connection:
            results.append(_accept(connection, keys, id_))
            by_operator(connection, somebody(), "held.replay", "quarantine", id_)
    _tell(results, as_json)


def confirm(ids: list[UUID], by: By = "", as_json: JsonOption = False) -> None:
    """Say that readings held as `implausible_jump` are the patient's: they are charted."""
    settings = load_settings()
    keys = _keys(settings)
    results = []
    for id_ in ids:
        with settings.database().transaction() as connection:
            decided(connection, id_, who(by), datetime.now(UTC), confirmed=True)
            by_operator(connection, who(by), "held.confirm", "quarantine", id_)
            results.append(_accept(connection, keys, id_))
    _tell(results, as_json)


def refuse(ids: list[UUID], by: By = "", as_json: JsonOption = False) -> None:
    """Say that readings held as `implausible_jump` are somebody else's: they stay sealed."""
    for id_ in ids:
        with load_settings().database().transaction() as connection:
            decided(connection, id_, who(by), datetime.now(UTC), confirmed=False)
            by_operator(connection, who(by), "held.refuse", "quarantine", id_)
    _tell([{"id": str(id_), "accepted": False, "reason": "refused"} for id_ in ids], as_json)


def _keys(settings: Settings) -> Keys:
    site = SiteKeys(settings.keys)
    return Keys(site.recipients(), site.receipt_key())


def _accept(connection: Connection, keys: Keys, id_: UUID) -> dict[str, object]:
    """Offer one to ingest again, within the caller's transaction."""
    outcome = Batch(connection, keys).accept([quarantine.take(connection, id_)])
    if not outcome.quarantined:
        quarantine.release(connection, id_)
    reason = next(iter(outcome.quarantined), None)
    return {"id": str(id_), "accepted": reason is None, "reason": reason}


def _tell(results: list[dict[str, object]], as_json: bool) -> None:
    if as_json:
        print_json(results)
    else:
        print_table("Replayed", results, "")
