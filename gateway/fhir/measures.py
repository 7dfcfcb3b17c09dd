"""What is measured, as Observations have it: codes, categories and profiles.

A reading is one Observation for each of its values; the pressures are one panel.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from device_profiles import codes
from device_profiles.codes import TERMS
from gateway.fhir.systems import CATEGORY, LOINC, MDC, PHD_CATEGORY, US_CORE, coding

PANEL: Final = 150020
PANEL_LOINC: Final = "85354-9"
PRESSURES: Final = frozenset({150021, 150022, 150023})
COINCIDENT: Final = 67975
"""MDC_ATTR_TIME_ABS: a wall clock without an offset, as all our devices have."""

_PULSE: Final = ("us-core-heart-rate", ("/min",))
_HEAT: Final = ("us-core-body-temperature", ("Cel", "[degF]"))
# US Core vital signs: the profile, and the units that it allows.
VITALS: Final[Mapping[int, tuple[str, tuple[str, ...]]]] = MappingProxyType(
    {
        PANEL: ("us-core-blood-pressure", ("mm[Hg]",)),
        codes.PULSE_CUFF.mdc: _PULSE,
        codes.PULSE_OXIMETER.mdc: _PULSE,
        codes.HEART_RATE.mdc: _PULSE,
        codes.SPO2.mdc: ("us-core-pulse-oximetry", ("%",)),
        codes.WEIGHT.mdc: ("us-core-body-weight", ("kg", "[lb_av]", "g")),
        codes.HEIGHT.mdc: ("us-core-body-height", ("cm", "[in_i]")),
        codes.BMI.mdc: ("us-core-bmi", ("kg/m2",)),
        **{term.mdc: _HEAT for term in TERMS.values() if term.name == "temperature"},
    }
)
# Names of ISO/IEEE 11073-10101 as HL7's examples show them.
NAMES: Final = {
    PANEL: "MDC_PRESS_BLD_NONINV",
    150021: "MDC_PRESS_BLD_NONINV_SYS",
    150022: "MDC_PRESS_BLD_NONINV_DIA",
    150023: "MDC_PRESS_BLD_NONINV_MEAN",
    COINCIDENT: "MDC_ATTR_TIME_ABS",
}
# By the names of `device_profiles.codes`: what narrows a search before values are looked at.
KINDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "pulse": ("blood_pressure", "oxygen", "heart_rate"),
        "spo2": ("oxygen",),
        "temperature": ("temperature",),
        "weight": ("weight", "body_composition"),
        "glucose": ("glucose", "continuous_glucose"),
    }
)
TEXTS: Final = {PANEL: "Blood pressure", COINCIDENT: "Absolute time"}


@cache
def code(mdc: int, unit: str) -> dict[str, Any]:
    """Return what was measured: MDC always, LOINC where there is a code for it and its unit."""
    term = TERMS.get(mdc)
    loinc: Sequence[str] = term.loinc.get(unit, ()) if term else ()
    if mdc == PANEL:
        loinc = (PANEL_LOINC,)
    text = TEXTS.get(mdc) or (term.name.replace("_", " ") if term else str(mdc))
    named = [coding(MDC, str(mdc), NAMES.get(mdc)), *(coding(LOINC, one) for one in loinc)]
    return {"coding": named, "text": text.capitalize()}


@cache
def categories(mdc: int) -> list[dict[str, Any]]:
    """Return vital signs and PHD; what is no vital sign of US Core is PHD's only."""
    phd = {"coding": [coding(PHD_CATEGORY, "phd")]}
    vital = {"coding": [coding(CATEGORY, "vital-signs")], "text": "Vital Signs"}
    return [vital, phd] if mdc in VITALS else [phd]


def us_core(mdc: int, units: Sequence[str]) -> list[str]:
    """Return the profile of US Core that it is an example of, if it is."""
    name, allowed = VITALS.get(mdc, ("", ()))
    return [f"{US_CORE}{name}"] if name and set(units) <= set(allowed) else []


def sought(system: str | None, wanted: str) -> tuple[list[int], list[str]]:
    """Return by which MDC codes and units a code is found; several MDC codes may be one LOINC."""
    pairs = [
        (mdc, unit)
        for mdc, unit, system_, code_ in _all()
        if code_ == wanted and system in (None, system_)
    ]
    return [mdc for mdc, _ in pairs], [unit for _, unit in pairs]


def kinds_of(mdcs: Sequence[int]) -> list[str]:
    """Return of which kinds readings are that have these values; none: of any."""
    found = [KINDS.get(TERMS[mdc].name if mdc in TERMS else "", ()) for mdc in mdcs if mdc != PANEL]
    if not all(found):
        return []
    pressure = {"blood_pressure"} if PANEL in mdcs else set[str]()
    return sorted(pressure.union(*found))


@cache
def _all() -> tuple[tuple[int, str, str, str], ...]:
    return tuple(_codes())


def _codes() -> Iterator[tuple[int, str, str, str]]:
    """Yield MDC code, unit (empty: any), and the code by which it is found."""
    yield from ((PANEL, "", MDC, str(PANEL)), (PANEL, "", LOINC, PANEL_LOINC))
    yield COINCIDENT, "", MDC, str(COINCIDENT)
    for term in TERMS.values():
        if term.mdc in PRESSURES:
            continue
        yield term.mdc, "", MDC, str(term.mdc)
        for unit, loincs in term.loinc.items():
            yield from ((term.mdc, unit, LOINC, loinc) for loinc in loincs)
