"""Codes of what is measured: MDC (ISO/IEEE 11073-10101), LOINC and UCUM, and nothing else.

MDC is partition * 65536 + term; LOINC as HL7 US Core and the PHD implementation guide use them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

MMHG: Final = "mm[Hg]"
KPA: Final = "kPa"
PER_MINUTE: Final = "/min"
PERCENT: Final = "%"
MG_DL: Final = "mg/dL"
MMOL_L: Final = "mmol/L"


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that can be measured: its MDC code, our name for it, LOINC codes by UCUM unit."""

    mdc: int
    name: str
    loinc: Mapping[str, tuple[str, ...]]


def _term(mdc: int, name: str, **loinc: tuple[str, ...]) -> Term:
    return Term(mdc, name, MappingProxyType(loinc))


def _pressure(mdc: int, name: str, loinc: str) -> Term:
    return _term(mdc, name, **{MMHG: (loinc,), KPA: (loinc,)})


def _glucose(mdc: int, mass: str, molar: str) -> Term:
    return _term(mdc, "glucose", **{MG_DL: (mass,), MMOL_L: (molar,)})


SYSTOLIC: Final = _pressure(150021, "systolic", "8480-6")
DIASTOLIC: Final = _pressure(150022, "diastolic", "8462-4")
MEAN_PRESSURE: Final = _pressure(150023, "mean_pressure", "8478-0")
PULSE_CUFF: Final = _term(149546, "pulse", **{PER_MINUTE: ("8867-4",)})
PULSE_OXIMETER: Final = _term(149530, "pulse", **{PER_MINUTE: ("8867-4",)})
SPO2: Final = _term(150456, "spo2", **{PERCENT: ("59408-5", "2708-6")})
GLUCOSE_CAPILLARY_BLOOD: Final = _glucose(160184, "41653-7", "14743-9")
GLUCOSE_CAPILLARY_PLASMA: Final = _glucose(160188, "2345-7", "14749-6")
GLUCOSE_VENOUS_BLOOD: Final = _glucose(160192, "2339-0", "15074-8")
GLUCOSE_VENOUS_PLASMA: Final = _glucose(160196, "2345-7", "14749-6")
GLUCOSE_ARTERIAL_BLOOD: Final = _glucose(160200, "2339-0", "15074-8")
GLUCOSE_ARTERIAL_PLASMA: Final = _glucose(160204, "2345-7", "14749-6")
GLUCOSE_UNDETERMINED_BLOOD: Final = _glucose(160364, "2339-0", "15074-8")
GLUCOSE_UNDETERMINED_PLASMA: Final = _glucose(160368, "2345-7", "14749-6")
GLUCOSE_INTERSTITIAL: Final = _term(160212, "glucose")
GLUCOSE: Final = _term(160020, "glucose")  # from an unknown sample
GLUCOSE_CONTROL: Final = _term(160208, "glucose_control")

TERMS: Final[Mapping[int, Term]] = MappingProxyType(
    {
        term.mdc: term
        for term in (
            SYSTOLIC,
            DIASTOLIC,
            MEAN_PRESSURE,
            PULSE_CUFF,
            PULSE_OXIMETER,
            SPO2,
            GLUCOSE_CAPILLARY_BLOOD,
            GLUCOSE_CAPILLARY_PLASMA,
            GLUCOSE_VENOUS_BLOOD,
            GLUCOSE_VENOUS_PLASMA,
            GLUCOSE_ARTERIAL_BLOOD,
            GLUCOSE_ARTERIAL_PLASMA,
            GLUCOSE_UNDETERMINED_BLOOD,
            GLUCOSE_UNDETERMINED_PLASMA,
            GLUCOSE_INTERSTITIAL,
            GLUCOSE,
            GLUCOSE_CONTROL,
        )
    }
)
