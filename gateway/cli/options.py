"""Options that more than one command has, each with one name and one explanation."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import typer

from device_profiles.wire.keys import Suite
from gateway.cli import given
from gateway.core.shards import new_hub_id
from gateway.storage.homes import HubRow

By = Annotated[str, typer.Option(help="Who does it; without: the user signed in here.")]
Organisation = Annotated[UUID, typer.Option(help="The organisation's id.")]
Zone = Annotated[str, typer.Option(help="IANA time zone, as Europe/Vienna.")]
Since = Annotated[
    datetime | None, typer.Option(help="Devices belong to the patient since (UTC); default now.")
]
SuiteNumber = Annotated[
    Literal["1", "2"], typer.Option(help="2: post-quantum hybrid; 1: for metered SIM cards.")
]
Devices = Annotated[
    list[str] | None,
    typer.Option(help="ADDRESS,PROFILE,PATIENT[,SLOT] of a device that comes with it; repeat."),
]
HubFolder = Annotated[
    Path | None, typer.Option(help="The folder that `hub add` wrote, to write hub.toml anew.")
]
Page = Annotated[Path | None, typer.Option(help="Write a page, to be printed too.")]


def new_hub(organisation: UUID, timezone: str, suite: str) -> HubRow:
    """Return a new hub of these options. Raises WrongInput."""
    return HubRow(new_hub_id(), organisation, given.zone(timezone), Suite(int(suite)))


def moment(since: datetime | None) -> datetime:
    """Return since when: what is typed without a zone is UTC."""
    return since.replace(tzinfo=since.tzinfo or UTC) if since else datetime.now(UTC)
