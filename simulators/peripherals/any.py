"""The kinds of simulated devices, found by walking this folder; nothing is listed by hand.

A file that declares `KIND` is the kind of its name.
"""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from simulators import peripherals
from simulators.peripherals.kind import Kind
from simulators.peripherals.peripheral import Peripheral, World
from simulators.peripherals.spec import DeviceSpec

AnyPeripheral: TypeAlias = Peripheral[Any]


def _walk() -> Mapping[str, Kind]:
    names = [module.name for module in iter_modules(peripherals.__path__)]
    there = {
        name: import_module(f"{peripherals.__name__}.{name}") for name in names if name != "any"
    }
    kinds = {name: module.KIND for name, module in there.items() if hasattr(module, "KIND")}
    return MappingProxyType(kinds)


KINDS: Final = _walk()


def build(spec: DeviceSpec, world: World) -> AnyPeripheral:
    """Return the device that an entry of the home file describes."""
    return KINDS[spec.kind].make(spec, world)
