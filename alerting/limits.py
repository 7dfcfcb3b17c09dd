"""Limits as people type them, `P1 <= 88 %`, in any unit of the quantity: the others follow."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from alerting.bands import Banded, Bands
from alerting.bounds import Bound
from alerting.errors import OverrideError
from alerting.model import Severity
from alerting.units import convert, typed

_LIMIT: Final = re.compile(r"^\s*(P[1-4])\s*(<=|>=|<|>)\s*(-?[0-9]+(?:\.[0-9]+)?)\s*(\S+)\s*$")
# As many decimals as devices and people give.
_STEPS: Final = {"mmol/L": 1, "kPa": 1, "Cel": 1, "[degF]": 1, "kg": 1, "[lb_av]": 1}


def changes(rule: Banded, limits: Iterable[str]) -> dict[str, Any]:
    """Return the bands that these limits make of a rule's own. Raises OverrideError.

    A band that a rule has only for single readings (`alone`) is changed there.
    """
    alone: dict[str, Any] | None = rule.model_dump(mode="json").get("alone")
    bands = _written(rule.bands)
    changed: dict[str, Any] = {"bands": bands}
    for text in limits:
        band, bound, unit = _read(rule, text)
        given = {each: _in(rule, bound, unit, each).written() for each in rule.units}
        if alone and band in alone["bands"] and band not in rule.bands:
            alone["bands"][band] = given
            changed["alone"] = alone
        else:
            bands[band] = given
    return changed


def _written(bands: Bands) -> dict[str, Any]:
    return {band: {u: b.written() for u, b in table.items()} for band, table in bands.items()}


def _read(rule: Banded, text: str) -> tuple[Severity, Bound, str]:
    found = _LIMIT.match(text)
    if found is None:
        raise OverrideError(rule.key, f"{text!r}: a limit is written like 'P1 <= 88 %'")
    band, sign, number, unit = found.groups()
    return Severity(band), Bound.model_validate(f"{sign} {number}"), typed(unit)


def _in(rule: Banded, bound: Bound, unit: str, to: str) -> Bound:
    number = convert(bound.limit, unit, to)
    if number is None:
        known = ", ".join(rule.units)
        raise OverrideError(rule.key, f"{unit} is no unit of it; it has {known}")
    if to == unit:
        return bound
    rounded = number.quantize(Decimal(10) ** -_STEPS.get(to, 0))
    return bound.model_copy(update={"limit": rounded})
