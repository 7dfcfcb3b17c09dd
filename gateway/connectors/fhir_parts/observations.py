"""The readings that a task is about, as Observations, and the devices that made them.

https://hl7.org/fhir/R4/observation-vitalsigns.html: a blood pressure is one Observation of two or
three components. MDC is said where it is known, then LOINC, as many of the first are one of the
second. What may have several LOINC codes by what we know gets none: a wrong code is worse.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from device_profiles.codes import TERMS, Term
from gateway.connectors.fhir_parts.bundle import urn
from gateway.connectors.fhir_parts.codes import CATEGORY, LOINC, MDC, UCUM, Json, Names, instant
from gateway.connectors.ports import Evidence, Value, Work

PRESSURE: Final = ("systolic", "diastolic", "mean_pressure")
PANEL: Final[Json] = {
    "coding": [
        {"system": MDC, "code": "150020"},
        {"system": LOINC, "code": "85354-9"},
    ],
    "text": "blood pressure",
}
VITAL_SIGNS: Final[Json] = {"coding": [{"system": CATEGORY, "code": "vital-signs"}]}
VITAL: Final = frozenset(
    {*PRESSURE, "pulse", "heart_rate", "spo2", "temperature", "weight", "height", "bmi"}
)


def readings(names: Names, work: Work, patient: Json, *, devices: bool) -> Iterable[Json]:
    """Return a device before what was measured with it."""
    for evidence in work.evidence:
        device = _device(names, evidence, patient) if devices and evidence.device else None
        if device:
            yield device
        for observation in _observations(names, evidence, patient):
            yield observation | ({"device": {"reference": urn(device)}} if device else {})


def _device(names: Names, evidence: Evidence, patient: Json) -> Json:
    return {
        "resourceType": "Device",
        "identifier": [names.identifier("device", evidence.device)],
        "status": "active",
        "patient": patient,
    }


def _observations(names: Names, evidence: Evidence, patient: Json) -> Iterable[Json]:
    pressure = [each for each in evidence.values if each.component in PRESSURE]
    if pressure:
        yield _observation(names, evidence, "blood_pressure", patient) | {
            "code": PANEL,
            "component": [{"code": _code(each), **_quantity(each)} for each in pressure],
        }
    for each in evidence.values:
        if each not in pressure:
            told = {"code": _code(each), **_quantity(each)}
            yield _observation(names, evidence, each.component, patient) | told


def _observation(names: Names, evidence: Evidence, what: str, patient: Json) -> Json:
    category = {"category": [VITAL_SIGNS]} if what == "blood_pressure" or what in VITAL else {}
    return {
        "resourceType": "Observation",
        "identifier": [names.identifier("reading", f"{evidence.reading}-{what}")],
        "status": "final",
        "subject": patient,
        "effectiveDateTime": instant(evidence.measured_at),
    } | category


def _code(value: Value) -> Json:
    named = [term for term in TERMS.values() if term.name == value.component]
    known = TERMS.get(value.mdc or 0)
    terms = [known] if known else named
    mdc = value.mdc or (terms[0].mdc if len(terms) == 1 else None)
    codings = [{"system": MDC, "code": str(mdc)}] if mdc else []
    codings += [{"system": LOINC, "code": code} for code in _loinc(terms, value.unit)]
    text = {"text": value.component.replace("_", " ")}
    return {"coding": codings} | text if codings else text


def _loinc(terms: Sequence[Term], unit: str) -> Sequence[str]:
    """Return the codes, if all that it can be has the same."""
    found = {term.loinc.get(unit, ()) for term in terms}
    return next(iter(found)) if len(found) == 1 else ()


def _quantity(value: Value) -> Json:
    unit = {"unit": value.unit, "system": UCUM, "code": value.unit}
    return {"valueQuantity": {"value": value.value, **unit}}
