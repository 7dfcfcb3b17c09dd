"""`watchdog setup`, `run`, `list`, `check`: the proof that the whole way works."""

import re
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import typer

from gateway.cli.groups import group
from gateway.cli.options import Organisation
from gateway.cli.output import JsonOption, print_json, print_table
from gateway.errors import NotFound, WrongInput
from gateway.settings import load_settings
from gateway.storage import watchdog
from gateway.storage.database import Database
from gateway.watchdog.check import check, tell
from gateway.watchdog.run import Watchdog, why
from gateway.watchdog.setup import set_up

SPAN: Final = re.compile(r"([1-9][0-9]{0,5})([smhd])")
UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LOOK_S: Final = 0.5


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    dog = group(app, "watchdog", "A made-up patient proves the whole way every 15 minutes.")
    for name, command in (("setup", setup), ("run", run), ("list", list_), ("check", check_)):
        dog.command(name)(command)


def setup(
    organisation: Organisation,
    every: Annotated[str, typer.Option(help="How often it runs, as 15m.")] = "15m",
    as_json: JsonOption = False,
) -> None:
    """Make a synthetic patient and hub; the worker does the rest. Example: watchdog setup --organisation ID."""  # noqa: E501 - one sentence with its example
    often = span(every)
    if often < timedelta(minutes=1):
        raise WrongInput("--every is a minute at least.")
    settings = load_settings()
    hub = set_up(settings, settings.database(), organisation, often, datetime.now(UTC))
    print_json({"hub": hub}) if as_json else print(f"synthetic hub {hub}, every {every}")


def run(
    organisation: Organisation,
    wait: Annotated[float, typer.Option(help="Seconds until it must be proved.")] = 60.0,
    as_json: JsonOption = False,
) -> None:
    """Run once, now, and wait for the proof; exit 1 without. Example: watchdog run --organisation ID."""  # noqa: E501 - one sentence with its example
    settings = load_settings()
    dog, database = Watchdog(settings), settings.database()
    since = datetime.now(UTC)
    with database.transaction() as connection:
        if not watchdog.states(connection, organisation):
            raise NotFound("This organisation has no watchdog; `watchdog setup` makes one.")
        connection.execute(watchdog.DUE_NOW, {"org": organisation, "now": since})
    with database.connect(autocommit=True) as connection:
        dog.begin(connection, since, organisation)  # or the worker was faster
    row = _proved(dog, database, organisation, since, wait)
    if as_json:
        print_json(row)
    else:
        print(row["state"] if row["state"] == "proved" else why(row))
    if row["state"] != "proved":
        raise typer.Exit(1)


def list_(as_json: JsonOption = False) -> None:
    """List the watchdogs, their last proof and their last run. Example: watchdog list."""
    with load_settings().database().transaction() as connection:
        rows = watchdog.states(connection)
    if as_json:
        print_json(rows)
        return
    shown = [
        {
            "organisation": row["name"],
            "every": row["every"],
            "proved": row["proved_at"],
            "last run": row["begun_at"],
            "state": row["state"],
            "why": row["error"],
            "hub": row["hub_id"],
        }
        for row in rows
    ]
    print_table("Watchdogs", shown, "No watchdog; `watchdog setup` makes one.")


def check_(
    max_age: Annotated[str, typer.Option(help="The oldest proof that is well, as 35m.")] = "35m",
    webhook: Annotated[list[str] | None, typer.Option(help="Tell this URL; repeat.")] = None,
    email: Annotated[list[str] | None, typer.Option(help="Tell this address; repeat.")] = None,
    ping: Annotated[str, typer.Option(help="GET this URL when all is well.")] = "",
    language: Annotated[str, typer.Option(help="Of the message.")] = "en",
) -> None:
    """Exit 1 with one line where no proof is young enough. Example: watchdog check --max-age 35m.

    Run it outside the gateway: by a timer, by cron, by a monitor. It needs the database and
    notifiers.toml, and no other part of the gateway.
    """
    settings = load_settings()
    verdict = check(settings, span(max_age), datetime.now(UTC))
    print(verdict.line)
    if verdict.well:
        _ping(ping)
        return
    ways = [("webhook", url) for url in webhook or ()] + [("email", to) for to in email or ()]
    for failed in tell(settings, ways, language):
        print(f"not told: {failed}", file=sys.stderr)
    raise typer.Exit(1)


def span(text: str) -> timedelta:
    """Read a span. Raises WrongInput."""
    found = SPAN.fullmatch(text)
    if found is None:
        raise WrongInput(f"{text!r} is no span of time; an example is 35m.")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _ping(url: str) -> None:
    """Say to a monitor elsewhere that we live: it raises the alarm when this stays away."""
    if not url:
        return
    import httpx

    try:
        httpx.get(url, timeout=15).raise_for_status()
    except httpx.HTTPError as error:
        print(f"not pinged: {type(error).__name__}", file=sys.stderr)


def _proved(
    dog: Watchdog, database: Database, organisation: UUID, since: datetime, wait: float
) -> dict[str, Any]:
    """Wait until a run of now is over, or for so long."""
    end = time.monotonic() + wait
    while True:
        with database.connect(autocommit=True) as connection:
            dog.follow(connection, datetime.now(UTC))
            (row,) = watchdog.states(connection, organisation)
        over = row["over_at"] is not None and row["begun_at"] >= since
        if over or time.monotonic() >= end:
            return dict(row)
        time.sleep(LOOK_S)
