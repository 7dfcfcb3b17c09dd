"""The kinds of simulated devices, and how a home file's entry becomes one."""

from typing import Any, TypeAlias

from simulators.home_file import CuffSpec, GlucometerSpec, OximeterSpec, Spec
from simulators.peripherals.cuff import Cuff
from simulators.peripherals.glucometer import Glucometer
from simulators.peripherals.oximeter import Oximeter
from simulators.peripherals.peripheral import Peripheral, World

AnyPeripheral: TypeAlias = Peripheral[Any]


def build(spec: Spec, world: World) -> AnyPeripheral:
    """Return the device that an entry of the home file describes."""
    match spec:
        case CuffSpec():
            return Cuff(spec, world)
        case GlucometerSpec():
            return Glucometer(spec, world)
        case OximeterSpec():
            return Oximeter(spec, world)
