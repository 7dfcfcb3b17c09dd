"""What a file of this folder declares to add a kind of device to the simulators."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulators.peripherals.peripheral import Peripheral, World
from simulators.peripherals.spec import DeviceSpec


@dataclass(frozen=True, slots=True)
class Kind:
    """Its entry in HOME.json, the device made of it, and the generic profile that reads it."""

    spec: type[DeviceSpec]
    make: Callable[[Any, World], Peripheral[Any]]
    profile: str
