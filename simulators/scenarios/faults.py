"""What can happen to a scenario, by name: what breaks, what people do. One entry each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final, Literal

from simulators import parts
from simulators.site import Gateway, Home

Radio = Literal["silent_at_s", "restart_at_s"]
Deed = Literal["button_at_s", "removed_at_s"]


@dataclass(frozen=True, slots=True)
class Fault:
    """How it begins, and how it ends where that does not happen by itself.

    `shared`: it strikes the gateway, hence every home of it. `radio`: it is a field of HOME.json
    instead, and the simulated Bluetooth lets it happen. `deed`: likewise of one device.
    """

    does: str
    shared: bool = False
    radio: Radio | None = None
    deed: Deed | None = None
    begins: Callable[[Gateway, Home], None] | None = None
    ends: Callable[[Gateway, Home], None] | None = None


def _kill_hub(_gateway: Gateway, home: Home) -> None:
    if home.agent is not None:
        home.agent.kill()


def _stop_hub(_gateway: Gateway, home: Home) -> None:
    if home.agent is not None:
        home.agent.stop()


def _start_hub(_gateway: Gateway, home: Home) -> None:
    home.start_agent()


def _kill(part: parts.Part, gateway: Gateway, _home: Home) -> None:
    parts.kill(gateway, part)


def _wipe(gateway: Gateway, _home: Home) -> None:
    parts.wipe_broker(gateway)


def _pause(part: parts.Part, gateway: Gateway, _home: Home) -> None:
    parts.pause(gateway, part)


def _go_on(part: parts.Part, gateway: Gateway, _home: Home) -> None:
    parts.go_on(gateway, part)


def _killed(part: parts.Part) -> Fault:
    return Fault(f"{part}: kill -9; the gateway brings it back", True, begins=partial(_kill, part))


def _away(part: parts.Part) -> Fault:
    does = f"{part}: answers nothing, until it is over"
    return Fault(does, True, begins=partial(_pause, part), ends=partial(_go_on, part))


FAULTS: Final[Mapping[str, Fault]] = MappingProxyType(
    {
        "adapter-silent": Fault(
            "the hub's adapter hears nothing more, without an error", radio="silent_at_s"
        ),
        "bluetoothd-restarts": Fault("bluetoothd ends and comes back", radio="restart_at_s"),
        "button-pressed": Fault("somebody presses the device's pairing button", deed="button_at_s"),
        "removed-at-hub": Fault("somebody lets the hub forget the device", deed="removed_at_s"),
        "hub-killed": Fault("a power cut at the hub", begins=_kill_hub, ends=_start_hub),
        "hub-stopped": Fault("the hub is shut down cleanly", begins=_stop_hub, ends=_start_hub),
        "broker-killed": _killed("broker"),
        "broker-wiped": Fault("broker: kill -9, and its store is deleted", True, begins=_wipe),
        "broker-away": _away("broker"),
        "ingest-killed": _killed("ingest"),
        "worker-killed": _killed("worker"),
        "worker-away": _away("worker"),
        "database-killed": _killed("database"),
        "database-away": _away("database"),
    }
)
