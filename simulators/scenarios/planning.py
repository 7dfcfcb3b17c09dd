"""A scenario becomes HOME.json for each home: the same scenario and anchor, the same octets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from pydantic import ValidationError

from simulators.home_file import HomeFile
from simulators.scenarios.faults import FAULTS
from simulators.scenarios.file import Device, Home, Measured, Scenario

SOME_MOMENT: Final = datetime(2026, 3, 2, 8, tzinfo=UTC)


class PlanBroken(Exception):
    """What the file says cannot happen; `where` is the place in the file."""

    def __init__(self, where: tuple[str | int, ...], text: str) -> None:
        super().__init__(text)
        self.where = where


@dataclass(frozen=True, slots=True)
class Plan:
    """One home as it will be: `name` is the home's, with its number where there are several."""

    name: str
    home: Home
    file: HomeFile


def plans(scenario: Scenario, anchor: datetime = SOME_MOMENT, speed: float = 1) -> list[Plan]:
    """Return a plan for each home. `anchor` is the start, to the second. Raises PlanBroken."""
    _check(scenario)
    made = []
    for home in scenario.homes:
        for number in range(1, home.count + 1):
            name = home.name if home.count == 1 else f"{home.name}-{number}"
            made.append(Plan(name, home, _file(scenario, home, name, anchor, speed)))
    return made


def _check(scenario: Scenario) -> None:
    for number, entry in enumerate(scenario.timeline):
        home = scenario.home_of(entry)
        shared = not isinstance(entry, Measured) and FAULTS[entry.fault].shared
        if home is None and not shared:
            names = ", ".join(home.name for home in scenario.homes)
            raise PlanBroken(("timeline", number, "home"), f"say which home: {names}")
        of_one = isinstance(entry, Measured) or FAULTS[entry.fault].deed is not None
        if of_one and home and home.device(entry.device or "") is None:
            names = ", ".join(device.name for device in home.devices)
            raise PlanBroken(("timeline", number, "device"), f"say which device: {names}")


def _file(scenario: Scenario, home: Home, name: str, anchor: datetime, speed: float) -> HomeFile:
    devices = [_device(scenario, home, name, device, anchor, speed) for device in home.devices]
    faults = [fault for fault in scenario.faults if scenario.home_of(fault) is home]
    bluetooth: dict[str, list[float]] = {}
    for fault in faults:
        if (field := FAULTS[fault.fault].radio) is not None:
            bluetooth.setdefault(field, []).append(fault.at.total_seconds())
    return HomeFile.model_validate(
        {"seed": scenario.seed, "zone": home.zone, "bluetooth": bluetooth, "devices": devices}
    )


def _device(
    scenario: Scenario, home: Home, name: str, device: Device, anchor: datetime, speed: float
) -> dict[str, Any]:
    place = home.devices.index(device)
    entry: dict[str, Any] = {
        "address": address(scenario.seed, name, device.name),
        "kind": device.kind,
        "name": f"{device.kind.title()} {place + 1}",
        "clock_error_s": device.clock_error.total_seconds(),
        "pin": device.pin,
        "battery": device.battery,
        "behaviour": {
            **device.switches.model_dump(exclude_unset=True),
            **_deeds(scenario, home, device),
        },
        **device.more,
    }
    taken: list[dict[str, Any]] = []
    more = ("homes", scenario.homes.index(home), "devices", place, "more")
    _try(home, entry, more)
    for number, measured in scenario.measured(home, device):
        taken += _measurements(home, measured, anchor, speed)
        _try(home, {**entry, "measurements": taken}, ("timeline", number, "measure"))
    return {**entry, "measurements": taken}


def _deeds(scenario: Scenario, home: Home, device: Device) -> dict[str, list[float]]:
    """Return what people do with a device, as switches of HOME.json."""
    deeds: dict[str, list[float]] = {}
    for entry in scenario.faults:
        field = FAULTS[entry.fault].deed
        if field and entry.device == device.name and scenario.home_of(entry) is home:
            deeds.setdefault(field, []).append(entry.at.total_seconds())
    return deeds


def _measurements(
    home: Home, measured: Measured, anchor: datetime, speed: float
) -> Sequence[dict[str, Any]]:
    return [
        {
            "after_s": max(moment.total_seconds(), 0.0),
            "device_time": _wall(home, anchor, moment, speed),
            **measured.measure,
        }
        for moment in measured.moments
    ]


def _wall(home: Home, anchor: datetime, moment: timedelta, speed: float) -> datetime:
    """Return the home's wall clock at a moment; only what is still to come passes faster."""
    real = moment / speed if moment > timedelta() else moment
    return (anchor + real).astimezone(home.timezone).replace(tzinfo=None, microsecond=0)


def _try(home: Home, entry: dict[str, Any], where: tuple[str | int, ...]) -> None:
    """Raise PlanBroken for a place in the scenario where HOME.json would refuse it."""
    try:
        HomeFile.model_validate({"seed": 1, "zone": home.zone, "devices": [entry]})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise PlanBroken((*where, first["loc"][-1]), first["msg"]) from None


def address(seed: int, home: str, device: str) -> str:
    """Return a static random Bluetooth address: the two highest bits are set."""
    octets = bytearray(sha256(f"{seed}/{home}/{device}".encode()).digest()[:6])
    octets[0] |= 0xC0
    return ":".join(f"{octet:02X}" for octet in octets)
