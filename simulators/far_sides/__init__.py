"""The systems that clinics use, as their public documentation describes them, on this machine.

Found by walking this folder: one kind is one file that says `FAR_SIDE`, a class of `FarSide`.
None of them is the real thing: what was never tried against the vendor stays untried.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Final

from simulators.far_sides.side import FarSide


def far_sides() -> Mapping[str, type[FarSide]]:
    """Return every kind by its name, which is that of the connector that speaks with it."""
    names = (module.name for module in pkgutil.iter_modules(__path__, f"{__name__}."))
    found = (getattr(importlib.import_module(name), "FAR_SIDE", None) for name in names)
    return {side.kind: side for side in found if side is not None}


__all__: Final = ["FarSide", "far_sides"]
