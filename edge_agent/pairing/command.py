"""The command `pair`: opens the hub as the agent would, and tells what came of it."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from device_profiles.registry import PROFILES
from device_profiles.replay import summary
from device_profiles.wire.hub_file import Address, HubFile
from device_profiles.wire.pairing import PairingProof
from edge_agent.errors import WrongInput
from edge_agent.identity.hub import Identity, keep_passkey, read_identity
from edge_agent.logs import log, silence_libraries
from edge_agent.opening import open_home
from edge_agent.pairing.person import DIGITS, Person, Say
from edge_agent.pairing.steps import Asked, Paired, Pairing
from edge_agent.pairing.witness import WitnessedHome
from edge_agent.settings import Settings

_ADDRESS: Final = TypeAdapter(Address)


def checked(asked: Asked) -> Asked:
    """Return what was asked, the address as hub.toml has it. Raises WrongInput."""
    if asked.profile is not None and asked.profile not in PROFILES:
        raise WrongInput(f"No profile {asked.profile!r}; known are {', '.join(sorted(PROFILES))}.")
    if asked.passkey is not None and not DIGITS.fullmatch(asked.passkey):
        raise WrongInput("A passkey has six digits.")
    if asked.address is None:
        return asked
    try:
        return replace(asked, address=_ADDRESS.validate_python(asked.address.upper()))
    except ValidationError:
        raise WrongInput("An address must look like AA:BB:CC:DD:EE:FF.") from None


def look(settings: Settings, asked: Asked, say: Say, *, as_json: bool) -> Any:
    """Return what is near, the strongest first: rows for programs, or lines for people."""
    say(f"Listening for {asked.seconds:g} s. Make devices advertise: measure, or press a button.")
    with _opened(settings) as (identity, home):
        pairing = Pairing(identity, home, asked, None, say)
        asyncio.run(pairing.look())
    found = sorted(pairing.nearby.listed(), key=lambda near: -near.sighting.rssi_dbm)
    if as_json:
        return [near.plain() for near in found]
    if others := pairing.nearby.others:
        say(f"{others} more are not recognised; --all shows them.")
    return "\n".join(near.line() for near in found) or "No device that is known here is near."


def pair(settings: Settings, asked: Asked, person: Person | None, say: Say) -> dict[str, Any]:
    """Pair one device and prove it; return what a program wants to know.

    The values are shown on a terminal only: what a program is told may end in a log.
    """
    say("Make the device advertise: measure, or press its Bluetooth button.")
    if person is not None and asked.address is None:
        say("Type its number and Enter when it is there; Enter alone lists all again.")
    with _opened(settings) as (identity, home):
        paired = asyncio.run(Pairing(identity, home, asked, person, say).pair())
        if not home.keep_parked():
            say(f"{len(home.parked)} records could not be kept: the spool is full.")
        at = home.clock.now() if home.clock.trusted() else None
    if paired.passkey is not None:
        keep_passkey(settings.hub_dir, paired.device.address, paired.passkey)
    if sys.stdout.isatty():
        told = summary(paired.proof.reading)["values"].items()
        say("Measured: " + ", ".join(f"{name} {value}" for name, value in told))
    return _plain(paired, identity, at)


def people(told: dict[str, Any], hub_file: HubFile) -> str:
    """Return the result for a person: what was proved, and what is left to do."""
    kind, when = told["kind"].replace("_", " "), told["measured_at"]
    zone = ZoneInfo(hub_file.timezone)
    taken = f"{datetime.fromisoformat(when).astimezone(zone):%Y-%m-%d %H:%M:%S}" if when else "?"
    lines = [
        f"Understood: {kind}, {told['validity']}, taken {taken} ({told['basis']}).",
        f"{told['records']} records came; all are kept and will be sent.",
    ]
    if told["proof"] is None:
        return "\n".join([*lines, "The gateway knows this device: nothing to do there."])
    return "\n".join(
        [
            *lines,
            "At the gateway, say whose it is:\n",
            f"hearthline-gateway hub pair {hub_file.hub} --patient PATIENT \\",
            f"    --proof '{told['proof']}'\n",
            "Then here: hearthline-edge renew; systemctl start hearthline-edge",
        ]
    )


def _plain(paired: Paired, identity: Identity, at: datetime | None) -> dict[str, Any]:
    proof, device = paired.proof, paired.device
    hub, kind = identity.hub_file.hub, proof.reading.kind
    known = PairingProof(
        hub=hub, device=device.id, address=device.address, profile=device.profile, kind=kind, at=at
    )
    return {
        "hub": str(hub),
        "device": str(device.id),
        "address": device.address,
        "profile": device.profile,
        "manufacturer": paired.model.manufacturer,
        "model": paired.model.model,
        "kind": str(kind),
        "validity": str(proof.reading.validity),
        "measured_at": proof.measured_at and proof.measured_at.isoformat(timespec="seconds"),
        "basis": str(proof.basis or "not known here"),
        "received_at": proof.received_at.isoformat(timespec="seconds"),
        "records": paired.records,
        "problem": paired.problem,
        "proof": known.signed(identity.signing_key) if paired.new else None,
    }


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Identity, WitnessedHome]]:
    """Open the hub; the spool's lock keeps the agent, and its use of the adapter, out meanwhile."""
    silence_libraries()
    log.silence()
    if os.geteuid() != settings.hub_dir.stat().st_uid:  # root's files would stop the agent
        raise WrongInput(
            f"{settings.hub_dir} is another user's: run this as the agent's user, with `sudo -u`."
        )
    identity = read_identity(settings.hub_dir)
    with open_home(settings, identity, lambda: None, WitnessedHome) as home:
        yield identity, home
