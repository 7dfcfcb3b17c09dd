"""Codes of what is measured: MDC (ISO/IEEE 11073-10101), LOINC and UCUM, and nothing else.

MDC is partition * 65536 + term; LOINC as HL7 US Core and the PHD implementation guide use them.
A term without LOINC codes has none that fits, or none that we could check.
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
MG_DL_MIN: Final = "mg/dL/min"
CELSIUS: Final = "Cel"
FAHRENHEIT: Final = "[degF]"
KG: Final = "kg"
POUND: Final = "[lb_av]"
METRE: Final = "m"
INCH: Final = "[in_i]"
KG_M2: Final = "kg/m2"
KILOJOULE: Final = "kJ"
OHM: Final = "Ohm"


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


def _temperature(mdc: int) -> Term:
    return _term(mdc, "temperature", **{CELSIUS: ("8310-5",), FAHRENHEIT: ("8310-5",)})


def _mass(mdc: int, name: str, *loinc: str) -> Term:
    return _term(mdc, name, **{KG: loinc, POUND: loinc})


SYSTOLIC: Final = _pressure(150021, "systolic", "8480-6")
DIASTOLIC: Final = _pressure(150022, "diastolic", "8462-4")
MEAN_PRESSURE: Final = _pressure(150023, "mean_pressure", "8478-0")
PULSE_CUFF: Final = _term(149546, "pulse", **{PER_MINUTE: ("8867-4",)})
PULSE_OXIMETER: Final = _term(149530, "pulse", **{PER_MINUTE: ("8867-4",)})
PULSE_AMPLITUDE: Final = _term(150320, "pulse_amplitude", **{PERCENT: ("61006-3",)})
HEART_RATE: Final = _term(147842, "heart_rate", **{PER_MINUTE: ("8867-4",)})
SPO2: Final = _term(150456, "spo2", **{PERCENT: ("59408-5", "2708-6")})
GLUCOSE_CAPILLARY_BLOOD: Final = _glucose(160184, "41653-7", "14743-9")
GLUCOSE_CAPILLARY_PLASMA: Final = _glucose(160188, "2345-7", "14749-6")
GLUCOSE_VENOUS_BLOOD: Final = _glucose(160192, "2339-0", "15074-8")
GLUCOSE_VENOUS_PLASMA: Final = _glucose(160196, "2345-7", "14749-6")
GLUCOSE_ARTERIAL_BLOOD: Final = _glucose(160200, "2339-0", "15074-8")
GLUCOSE_ARTERIAL_PLASMA: Final = _glucose(160204, "2345-7", "14749-6")
GLUCOSE_UNDETERMINED_BLOOD: Final = _glucose(160364, "2339-0", "15074-8")
GLUCOSE_UNDETERMINED_PLASMA: Final = _glucose(160368, "2345-7", "14749-6")
GLUCOSE_INTERSTITIAL: Final = _glucose(160212, "99504-3", "105272-9")
GLUCOSE_TREND: Final = _term(160472, "glucose_trend")
GLUCOSE: Final = _term(160020, "glucose")  # from an unknown sample
GLUCOSE_CONTROL: Final = _term(160208, "glucose_control")
TEMPERATURE: Final = _temperature(150364)  # of the body, or of a site that has no code
TEMPERATURE_AXILLA: Final = _temperature(188452)
TEMPERATURE_EAR: Final = _temperature(188428)
TEMPERATURE_FINGER: Final = _temperature(188432)
TEMPERATURE_GUT: Final = _temperature(188456)
TEMPERATURE_MOUTH: Final = _temperature(188424)
TEMPERATURE_RECTUM: Final = _temperature(188420)
TEMPERATURE_TOE: Final = _temperature(188448)
TEMPERATURE_EARDRUM: Final = _temperature(150392)
WEIGHT: Final = _mass(188736, "weight", "29463-7")
HEIGHT: Final = _term(188740, "height", **{METRE: ("8302-2",), INCH: ("8302-2",)})
BMI: Final = _term(188752, "bmi", **{KG_M2: ("39156-5",)})
BODY_FAT: Final = _term(188748, "body_fat", **{PERCENT: ("41982-0",)})
FAT_FREE_MASS: Final = _mass(188756, "fat_free_mass", "91557-9")
SOFT_LEAN_MASS: Final = _mass(188760, "soft_lean_mass")
BODY_WATER: Final = _mass(188764, "body_water", "101683-1")
# These four are of ISO/IEEE 11073-10420's later nomenclature and read in one public list only.
BASAL_METABOLISM: Final = _term(188768, "basal_metabolism")
MUSCLE_PERCENT: Final = _term(188772, "muscle_percent", **{PERCENT: ("73965-6",)})
MUSCLE_MASS: Final = _mass(188776, "muscle_mass", "73964-9")
IMPEDANCE: Final = _term(188780, "impedance")

TERMS: Final[Mapping[int, Term]] = MappingProxyType(
    {term.mdc: term for term in tuple(globals().values()) if isinstance(term, Term)}
)
