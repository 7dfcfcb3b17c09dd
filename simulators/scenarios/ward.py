"""The homes of one scenario on a running gateway: registered, started, looked at, stopped."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from simulators.programs import ProgramFailed
from simulators.scenarios.events import Events
from simulators.scenarios.expectations.expectation import Seen
from simulators.scenarios.planning import Plan
from simulators.site import PROFILES, Gateway, Home

ONLINE_WITHIN_S: Final = 60.0
AT_ONCE: Final = 2
HEARTBEAT_S: Final = 1
# Before this is nobody's: a device has always been in its home.
LIVES_THERE: Final = timedelta(days=400)


@dataclass(slots=True)
class Resident:
    """A home that runs. `patients` by name; `devices` by id, as the hub tells them apart."""

    plan: Plan
    home: Home
    patients: Mapping[str, str]
    devices: Mapping[str, str]

    @property
    def name(self) -> str:
        """Return the home's name."""
        return self.plan.name

    def device_at(self, address: str) -> str:
        """Return the name of the device with an address."""
        names = [device.name for device in self.plan.home.devices]
        addresses = [device.address for device in self.plan.file.devices]
        return names[addresses.index(address)]


class Ward:
    """The homes of one run of a scenario."""

    def __init__(self, gateway: Gateway, events: Events, folder: Path, speed: float) -> None:
        self._gateway, self._events = gateway, events
        self._folder, self._speed = folder, speed
        self.residents: list[Resident] = []

    def move_in(self, plans: Sequence[Plan], anchor: datetime) -> None:
        """Register all homes at once, in an organisation of their own.

        In it, the same scenario can run again with the same devices.
        """
        since = f"{anchor - LIVES_THERE:%Y-%m-%dT%H:%M:%S}"
        homes = [_registration(plan) for plan in plans]
        file = self._folder / "register.json"
        told = {"organisation": self._folder.name, "since": since, "homes": homes}
        file.write_text(json.dumps(told, indent=1))
        done = self._gateway.call("register", str(file), "--out", str(self._folder / "hubs"))
        self.residents = [
            self._resident(plan, made) for plan, made in zip(plans, done["homes"], strict=True)
        ]

    def start(self) -> None:
        """Start radios and hubs, and return when every hub is online and listens."""

        def start(resident: Resident) -> None:
            resident.home.start_radio()
            resident.home.start_agent()

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(start, self.residents))
        for resident in self.residents:
            _wait_until(lambda one=resident: _online(one.home), f"hub {resident.name}")  # type: ignore[misc]

    def begin(self) -> None:
        """Let everything in the homes begin."""
        for resident in self.residents:
            resident.home.begin()

    def stop(self) -> None:
        """Stop all hubs and radios."""
        for resident in self.residents:
            resident.home.stop()

    def resident(self, home: str) -> Sequence[Resident]:
        """Return the homes of a name, all of them where there are several equal ones."""
        return [one for one in self.residents if home == one.plan.home.name]

    def look(self, ends: datetime) -> Seen:
        """Return what has become of it so far, from what the gateway told by itself."""
        hubs = {one.home.hub: one for one in self.residents}
        people = {
            patient: (one.name, name)
            for one in self.residents
            for name, patient in one.patients.items()
        }

        def mine(event: str) -> list[dict[str, Any]]:
            rows = self._events.of(event, hubs, people)
            for row in rows:
                hub = hubs.get(row.get("hub_id", ""))
                home, person = people.get(row.get("patient_id", ""), (hub and hub.name, None))
                row.update(home=home, person=person)
            return rows

        return Seen(
            ends=ends,
            taken=[line for one in self.residents for line in _taken(one)],
            stored=mine("stored"),
            tasks=mine("task"),
            held=mine("quarantined"),
            duplicates=len(mine("duplicate")),
        )

    def evaluated(self, seen: Seen) -> bool:
        """Say whether the rules have seen all that is stored."""
        return self._events.evaluated(row["id"] for row in seen.stored)

    def missing(self) -> dict[str, int]:
        """Ask the gateway how many sequence numbers of each home nobody accounts for."""
        return {
            one.name: int(self._gateway.call("custody", one.home.hub)["missing_count"])
            for one in self.residents
        }

    def problems(self) -> dict[tuple[str, str], str]:
        """Ask the gateway for what the hubs say of their devices."""
        return {
            (one.name, one.devices[told["device"]]): told["problem"] or "none"
            for one in self.residents
            for told in self._gateway.call("hub", "show", one.home.hub)["devices"]
        }

    def _resident(self, plan: Plan, made: Mapping[str, Any]) -> Resident:
        folder = self._folder / plan.name
        folder.mkdir()
        (self._folder / "hubs" / plan.name).rename(folder / "hub")
        (folder / "home.json").write_text(plan.file.model_dump_json(indent=1))
        _write_passkeys(plan, folder / "hub")
        home = Home(folder, made["hub"], speed=self._speed, hold=True, settings=_settings(plan))
        resident = Resident(plan, home, made["people"], {})
        resident.devices = {
            id_: resident.device_at(address) for address, id_ in made["devices"].items()
        }
        return resident


def _registration(plan: Plan) -> dict[str, Any]:
    """Return a home as `hearthline-gateway register` reads it."""
    devices = [
        {"address": spec.address, "profile": PROFILES[spec.kind], "person": person, "slot": slot}
        for device, spec in zip(plan.home.devices, plan.file.devices, strict=True)
        for slot, person in plan.home.owners(device).items()
    ]
    people = list(plan.home.people)
    return {"name": plan.name, "timezone": plan.home.zone, "people": people, "devices": devices}


def _settings(plan: Plan) -> dict[str, str]:
    hub = plan.home.hub
    spans = {"QUIET": hub.quiet, "CALL": hub.call, "SILENT": hub.silent}
    return {
        "HEARTHLINE_CLOCK_TRUSTED": "true" if hub.clock == "right" else "false",
        "HEARTHLINE_HEARTBEAT_SECONDS": str(HEARTBEAT_S),
        **{
            f"HEARTHLINE_{name}_SECONDS": str(span.total_seconds())
            for name, span in spans.items()
            if span is not None
        },
    }


def _write_passkeys(plan: Plan, kit: Path) -> None:
    lines = [f'"{device.address}" = "{device.pin}"\n' for device in plan.file.devices if device.pin]
    if lines:
        (kit / "passkeys.toml").write_text("".join(lines))


def _taken(resident: Resident) -> list[dict[str, Any]]:
    """Return what the devices took, with the home, the device's name and whose it is."""
    lines = []
    for line in resident.home.taken():
        device = resident.device_at(line["device"])
        owners = resident.plan.home.owners(resident.plan.home.device(device))  # type: ignore[arg-type]
        person = owners.get(None) if len(owners) == 1 else None
        lines.append({**line, "home": resident.name, "device": device, "person": person})
    return lines


def _online(home: Home) -> bool:
    if home.agent is None or not home.agent.running:
        said = home.agent.last_words() if home.agent else "it was not started"
        raise ProgramFailed(f"A hub does not run: {said}")
    events = {json.loads(line).get("event") for line in home.agent.log.read_text().splitlines()}
    return {"uplink_connected", "scanning"} <= events


def _wait_until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + ONLINE_WITHIN_S
    while not condition():
        if time.monotonic() > end:
            raise ProgramFailed(f"{what} is not online after {ONLINE_WITHIN_S:g} s.")
        time.sleep(0.05)
