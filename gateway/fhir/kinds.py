"""Kinds of devices, by the name that their profiles have: MDC specialization, what they measure."""

from dataclasses import dataclass
from typing import Final

from device_profiles import codes
from gateway.fhir.measures import PANEL


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of device. Units are MDC's, where the example of HL7 or ISO/IEEE 11073 tells one."""

    specialization: str
    measures: tuple[int, ...]


_SCALE: Final = (codes.WEIGHT.mdc,)
_BODY: Final = (codes.WEIGHT.mdc, codes.BODY_FAT.mdc, codes.BMI.mdc)
KINDS: Final = {
    "Blood pressure cuff": Kind("528391", (PANEL, codes.PULSE_CUFF.mdc)),
    "Pulse oximeter": Kind("528388", (codes.SPO2.mdc, codes.PULSE_OXIMETER.mdc)),
    "Thermometer": Kind("528392", (codes.TEMPERATURE.mdc,)),
    "Scale": Kind("528399", _SCALE),
    "Body scale": Kind("528404", _BODY),
    "Glucose meter": Kind("528401", (codes.GLUCOSE_CAPILLARY_BLOOD.mdc,)),
    "Continuous glucose sensor": Kind("528409", (codes.GLUCOSE_INTERSTITIAL.mdc,)),
    "Heart rate sensor": Kind("528525", (codes.HEART_RATE.mdc,)),
}
