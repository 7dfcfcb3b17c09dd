"""`hub revoke`, and ending what was paired or assigned."""

import time
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import typer

from device_profiles.wire.hub_file import Broker
from gateway.audit.operators import by_operator
from gateway.broker.revoke import Revoke
from gateway.cli import given
from gateway.cli.groups import group
from gateway.cli.options import By, HubFolder
from gateway.cli.output import JsonOption, print_json
from gateway.errors import WrongInput
from gateway.identity.files import SiteKeys, locked
from gateway.identity.hub_kit import write_hub_file
from gateway.settings import load_settings
from gateway.storage import belonging, homes

Reason = Annotated[str, typer.Option(help="Why, in your words: it is kept.")]
Until = Annotated[
    datetime | None, typer.Option(help="It belonged until (UTC); default: until now.")
]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    hub = group(app, "hub")
    hub.command("revoke")(revoke)
    hub.command("unassign")(unpair)
    device = group(app, "device", "Devices and whose they are.")
    device.command("unassign")(unassign)


def revoke(hub: UUID, reason: Reason, by: By = "", as_json: JsonOption = False) -> None:
    """Shut a hub out for good: stolen, broken, retired. Example: hub revoke HUB --reason stolen.

    Its envelopes are refused at once, its certificates are put on the revocation list, and its live
    session is ended. Interrupted, the command goes on where it was when it is given again.
    """
    why, who, settings = given.name(reason), given.who(by), load_settings()
    started, told = time.monotonic(), []
    note = partial(by_operator, name=who, action="hub.revoke", kind="hub", id_=hub)
    for done in Revoke(settings, settings.database(), hub, note=note).run(why, who):
        seconds = round(time.monotonic() - started, 2)
        told.append({"step": done.step, "at": done.at, "s": seconds, "detail": done.detail})
        if not as_json:
            print(f"{done.at:%H:%M:%S}  {seconds:6.2f} s  {done.step:9} {done.detail}", flush=True)
    if as_json:
        print_json({"hub": hub, "steps": told})


def unpair(
    hub: UUID,
    device: Annotated[UUID, typer.Option(help="The device's id; `hub show` has it.")],
    out: HubFolder = None,
    until: Until = None,
    by: By = "",
    as_json: JsonOption = False,
) -> None:
    """End a pairing: this hub speaks for this device no more. Whose the device is stays."""
    end, settings, who = _moment(until), load_settings(), given.who(by)
    with locked(settings.home), settings.database().transaction() as connection:
        row = homes.find_hub(connection, hub)
        count = belonging.end_pairing(connection, hub, device, end, who)
        by_operator(connection, who, "device.unpair", "device", device, hub=hub)
        if out is not None:
            broker = Broker(host=settings.broker_host, port=settings.broker_port)
            write_hub_file(connection, SiteKeys(settings.keys), row, broker, out)
    _print({"ended": count, "until": end}, "The hub speaks for this device no more.", as_json)


def unassign(
    device: UUID,
    patient: Annotated[UUID | None, typer.Option(help="Only what is assigned to them.")] = None,
    slot: Annotated[int | None, typer.Option(help="Only this user slot.")] = None,
    until: Until = None,
    by: By = "",
    as_json: JsonOption = False,
) -> None:
    """End an assignment: what the device measures later is nobody's, and is held. Readings stay."""
    end, who = _moment(until), given.who(by)
    only = belonging.Whose(device, patient, slot)
    with load_settings().database().transaction() as connection:
        count = belonging.end_assignment(connection, only, end, who)
        by_operator(connection, who, "device.end", "device", device, patient=patient)
    _print({"ended": count, "until": end}, "What it measures from now on is held.", as_json)


def _moment(until: datetime | None) -> datetime:
    now = datetime.now(UTC)
    end = now if until is None else until.replace(tzinfo=until.tzinfo or UTC)
    if end > now:
        raise WrongInput("--until lies in the future; what is to come may be told when it is here.")
    return end


def _print(data: dict[str, Any], sentence: str, as_json: bool) -> None:
    print_json(data) if as_json else print(sentence)
