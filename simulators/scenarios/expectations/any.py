"""The kinds of expectations, found by walking this folder: a file that declares EXPECTATION."""

from functools import reduce
from importlib import import_module
from operator import or_
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

from pydantic import Discriminator, Tag

from simulators.scenarios import expectations
from simulators.scenarios.expectations.expectation import Expectation


def _walk() -> dict[str, type[Expectation]]:
    names = [module.name for module in iter_modules(expectations.__path__)]
    there = [import_module(f"{expectations.__name__}.{name}") for name in names if name != "any"]
    kinds = [module.EXPECTATION for module in there if hasattr(module, "EXPECTATION")]
    return {kind.key: kind for kind in kinds}


EXPECTATIONS: Final = _walk()


def _which(line: Any) -> str | None:
    keys = line.keys() if isinstance(line, dict) else dict(line).keys()
    return next((f"({key})" for key in EXPECTATIONS if key in keys), None)


if TYPE_CHECKING:
    ANY: TypeAlias = Expectation
else:
    ANY = Annotated[
        reduce(or_, (Annotated[kind, Tag(f"({key})")] for key, kind in EXPECTATIONS.items())),
        Discriminator(
            _which,
            custom_error_type="expectation",
            custom_error_message=f"expect one of: {', '.join(sorted(EXPECTATIONS))}",
        ),
    ]
