"""One codec per characteristic: octets in, the fields that the specification names out.

A codec module declares `DECODES`, by UUID, and where it carries measurements `READS`; both are
found by walking this folder.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields as fields_of
from dataclasses import is_dataclass
from decimal import Decimal
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from device_profiles.gatt import Uuid
from device_profiles.reading import DeviceTime

if TYPE_CHECKING:
    from device_profiles.profile import Read

Decode = Callable[[bytes], Any]  # a frozen dataclass, another one per characteristic


@cache
def decoders() -> Mapping[Uuid, Decode]:
    """Return every decoder by the UUID that it reads (or `sfloat`, `float`)."""
    return _declared("DECODES")


@cache
def readers() -> "Mapping[Uuid, Read]":
    """Return what makes readings, by the UUID of a group's first indication."""
    return _declared("READS")


def fields(uuid: Uuid, octets: bytes) -> dict[str, object]:
    """Return the fields of one characteristic, ready for JSON. Raises KeyError, DecodeError."""
    return _fields(decoders()[uuid](octets))


def _fields(decoded: Any) -> dict[str, object]:
    return {field.name: _plain(getattr(decoded, field.name)) for field in fields_of(decoded)}


def _plain(value: object) -> object:
    if is_dataclass(value):
        return _fields(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, DeviceTime) else value


def _declared(name: str) -> Mapping[Uuid, Any]:
    found: dict[Uuid, Any] = {}
    for module in iter_modules(__path__):
        declared = getattr(import_module(f"{__name__}.{module.name}"), name, {})
        twice = found.keys() & declared.keys()
        if twice:
            raise RuntimeError(f"two codecs read {sorted(twice)}, one of them {module.name}")
        found |= declared
    return MappingProxyType(found)
