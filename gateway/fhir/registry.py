"""Every resource of the facade, found by walking `resources/`; nothing is listed by hand."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Final

from gateway.access.rights import Right
from gateway.fhir import resources
from gateway.fhir.resource import Resource


def _found() -> dict[str, Resource]:
    modules = (
        import_module(f"{resources.__name__}.{each.name}")
        for each in sorted(iter_modules(resources.__path__), key=lambda one: one.name)
    )
    return {module.RESOURCE.type: module.RESOURCE for module in modules}


RESOURCES: Final[Mapping[str, Resource]] = MappingProxyType(_found())
RIGHTS: Final[frozenset[Right]] = frozenset().union(*(each.rights for each in RESOURCES.values()))
