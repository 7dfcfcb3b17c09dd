"""`custody`: taken, stored, refused, missing, for any period."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from gateway.cli.output import JsonOption, print_json
from gateway.errors import WrongInput
from gateway.operators import remind
from gateway.settings import load_settings
from gateway.storage.custody import Custody, custody, totals
from gateway.storage.homes import find_hub

When = Annotated[datetime | None, typer.Option(help="UTC, as 2026-11-01.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("custody")(show)


def show(
    hub: Annotated[UUID | None, typer.Argument(help="Without it: the totals of all hubs.")] = None,
    since: When = None,
    until: When = None,
    as_json: JsonOption = False,
) -> None:
    """Say what became of all that a hub took. Example: custody HUB --since 2026-11-01."""
    if hub is None:
        if since or until:
            raise WrongInput("The totals are of all time; name a hub to choose a period.")
        _totals(as_json)
        return
    with load_settings().database().transaction() as connection:
        find_hub(connection, hub)
        account = custody(connection, hub, _utc(since), _utc(until))
    if as_json:
        print_json({**account.model_dump(mode="json"), "missing_count": account.missing_count})
    else:
        _print(account)


def _totals(as_json: bool) -> None:
    settings = load_settings()
    with settings.database().transaction() as connection:
        account = totals(connection).model_dump()
    remind(settings, datetime.now(UTC))
    if as_json:
        print_json(account)
        return
    for name, count in account.items():
        print(f"{name:<13} {count}")


def _print(account: Custody) -> None:
    print(f"stored       {account.stored}")
    print(f"duplicate    {account.duplicate}")
    for reason, count in sorted(account.quarantined.items()):
        print(f"quarantined  {count}  {reason}")
    for seqs in account.dropped_by_hub:
        print(f"dropped      epoch {seqs.epoch} seq {seqs.first}-{seqs.last}  {seqs.reason}")
    for seqs in account.missing:
        print(f"missing      epoch {seqs.epoch} seq {seqs.first}-{seqs.last}")
    if not account.missing:
        print("missing      0")
    if account.security_events:
        print(f"security     {account.security_events} events")


def _utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at else None
