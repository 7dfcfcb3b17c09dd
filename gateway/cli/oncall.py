"""`oncall`: who has it, the roster and its dry run, stand-ins for single days, a live test."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from alerting.errors import PackError
from alerting.on_call import StandIn, on_call, shifts
from alerting.pipeline.route import Directory
from alerting.roster import Roster, read_roster
from gateway.audit.operators import by_operator
from gateway.care.live_test import tell_everybody
from gateway.cli import given
from gateway.cli.groups import group
from gateway.cli.options import Organisation
from gateway.cli.output import JsonOption, print_json, print_table
from gateway.errors import WrongInput
from gateway.notifiers_file import NOTIFIERS, read_notifiers
from gateway.settings import load_settings
from gateway.storage.rosters import add_roster, add_stand_in, directory

By = Annotated[str, typer.Option(help="Who does it; default: who is signed in here.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    oncall = group(app, "oncall", "Who is told: rosters, schedules, stand-ins.")
    for command in (who, plan, load, test):
        oncall.command(command.__name__)(command)
    oncall.command("stand-in")(stand_in)


def who(
    organisation: Organisation,
    at: Annotated[
        datetime | None, typer.Option(help="UTC or with an offset; default: now.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say who has each schedule at a moment. Example: oncall who --organisation ID --at TIME."""
    moment = datetime.now(UTC) if at is None else at.replace(tzinfo=at.tzinfo or UTC)
    found = _directory(organisation, moment)
    rows = []
    for name, schedule in found.roster.schedules.items():
        shift = on_call(schedule, found.stand_ins.get(name, ()), moment, found.roster.zone)
        rows.append(
            {
                "schedule": name,
                "person": shift.person if shift else None,
                "until": shift.until if shift else None,
                "stand in": shift.stand_in if shift else None,
            }
        )
    _print("On call", rows, "No schedule; `oncall load` reads a roster.", as_json)


def plan(
    organisation: Organisation,
    weeks: Annotated[int, typer.Option(min=1, max=104)] = 4,
    as_json: JsonOption = False,
) -> None:
    """Show all shifts of the coming weeks, in the organisation's own time."""
    now = datetime.now(UTC)
    rows = _shifts(_directory(organisation, now), now, weeks)
    _print("Shifts", rows, "No schedule; `oncall load` reads a roster.", as_json)


def load(
    roster: Annotated[Path, typer.Argument(help="A YAML file.")],
    organisation: Organisation,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check it and show its shifts.")
    ] = False,
    by: By = "",
) -> None:
    """Put a roster in force, or only try it. Example: oncall load roster.yaml --organisation ID."""
    try:
        read = read_roster(roster)
    except PackError as error:
        raise WrongInput(f"{error}.") from None
    now = datetime.now(UTC)
    for told in _doubts(read):
        print(f"look at this: {told}")
    if dry_run:
        print_table("Shifts", _shifts(Directory(read, {}), now, 4), "No schedule.")
        print("Nothing was changed.")
        return
    with load_settings().database().transaction() as connection:
        version = add_roster(connection, organisation, read, given.who(by), now)
        by_operator(
            connection, given.who(by), "roster.load", "organisation", organisation, version=version
        )
    print(f"version {version} is in force; `oncall test` tells everybody in it")


def stand_in(
    schedule: str,
    day: Annotated[str, typer.Argument(help="As 2026-12-24; from its hand-over to the next.")],
    person: str,
    organisation: Organisation,
    reason: Annotated[str, typer.Option()] = "",
    by: By = "",
) -> None:
    """Let somebody else take one day. Example: oncall stand-in nights 2026-12-24 "B. Day"."""
    try:
        when = date.fromisoformat(day)
    except ValueError:
        raise WrongInput("A day is written like 2026-12-24.") from None
    row = StandIn(schedule, when, person, reason)
    with load_settings().database().transaction() as connection:
        add_stand_in(connection, organisation, row, given.who(by), datetime.now(UTC))
        by_operator(
            connection, given.who(by), "roster.stand-in", "organisation", organisation, day=when
        )
    print("noted")


def test(organisation: Organisation) -> None:
    """Send a test message to every address of the roster; do it after each change."""
    settings = load_settings()
    read_notifiers(settings.home / NOTIFIERS)  # with a wrong file nothing would be sent
    with settings.database().transaction() as connection:
        count = tell_everybody(connection, organisation, datetime.now(UTC))
    print(f"{count} messages are on their way")


def _directory(organisation: UUID, now: datetime) -> Directory:
    with load_settings().database().transaction() as connection:
        return directory(connection, organisation, now)


def _shifts(found: Directory, now: datetime, weeks: int) -> list[dict[str, Any]]:
    zone, end = found.roster.zone, now + timedelta(weeks=weeks)
    return [
        {
            "schedule": name,
            "person": shift.person,
            "from": f"{shift.since.astimezone(zone):%a %Y-%m-%d %H:%M %Z}",
            "until": f"{shift.until.astimezone(zone):%a %Y-%m-%d %H:%M %Z}",
            "stand in": shift.stand_in,
        }
        for name, schedule in found.roster.schedules.items()
        for shift in shifts(schedule, found.stand_ins.get(name, ()), now, end, zone)
    ]


def _doubts(roster: Roster) -> list[str]:
    """Return what is allowed and probably not meant."""
    told = [f"{name} has no address" for name, who in roster.persons.items() if not who.contacts]
    told += [f"team {name} is empty" for name, members in roster.teams.items() if not members]
    if roster.default is None:
        told.append("there is no default: what nobody takes is on the console only")
    return told


def _print(title: str, rows: list[dict[str, Any]], empty: str, as_json: bool) -> None:
    print_json(rows) if as_json else print_table(title, rows, empty)
