"""Vital signs as the examples of US Core 4 and of HL7's PHD guide 2.0.0 (draft, 5af8412) have them.

Expected codes are those of the guides' examples, and not of our tables.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.fhir.conftest import Facade

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition"
PHD = "http://hl7.org/fhir/uv/phd/StructureDefinition"
COINCIDENT = f"{PHD}/CoincidentTimeStampReference"
GATEWAY = "http://hl7.org/fhir/StructureDefinition/observation-gatewayDevice"


def the(fhir: Facade, code: str, which: int = 0) -> dict[str, Any]:
    """Return the newest Observation of a code, or one before."""
    path = f"Observation?patient={fhir.patient}&code={code}&_sort=-date"
    return fhir.found(path)[which]


def codes(concept: dict[str, Any]) -> set[tuple[str, str]]:
    return {(coding["system"], coding["code"]) for coding in concept["coding"]}


def extension(resource: dict[str, Any], url: str) -> str:
    (found,) = [each for each in resource["extension"] if each["url"] == url]
    return str(found["valueReference"]["reference"])


def quantity(number: float, unit: str) -> dict[str, Any]:
    return {"value": number, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


MDC = "urn:iso:std:iso:11073:10101"
LOINC = "http://loinc.org"


@pytest.mark.parametrize(
    ("code", "profile", "expected", "value"),
    [
        ("8867-4", "us-core-heart-rate", {(MDC, "149530"), (LOINC, "8867-4")}, (64, "/min")),
        (
            "59408-5",
            "us-core-pulse-oximetry",
            {(MDC, "150456"), (LOINC, "59408-5"), (LOINC, "2708-6")},
            (97, "%"),
        ),
        ("8310-5", "us-core-body-temperature", {(MDC, "150364"), (LOINC, "8310-5")}, (36.6, "Cel")),
        ("29463-7", "us-core-body-weight", {(MDC, "188736"), (LOINC, "29463-7")}, (71.2, "kg")),
    ],
)
def test_us_core(
    fhir: Facade, code: str, profile: str, expected: set[tuple[str, str]], value: tuple[float, str]
) -> None:
    made = next(
        each
        for each in fhir.found(f"Observation?patient={fhir.patient}&code={code}&_sort=date")
        if "valueQuantity" in each
    )
    assert f"{US_CORE}/{profile}" in made["meta"]["profile"]
    assert f"{PHD}/PhdNumericObservation" in made["meta"]["profile"]
    assert made["status"] == "final"
    categories = set().union(*(codes(each) for each in made["category"]))
    vital = "http://terminology.hl7.org/CodeSystem/observation-category"
    assert (vital, "vital-signs") in categories
    assert codes(made["code"]) == expected
    assert made["subject"] == {"reference": f"Patient/{fhir.patient}"}
    assert datetime.fromisoformat(made["effectiveDateTime"]).utcoffset()
    assert made["valueQuantity"] == quantity(*value)


def test_a_decimal_keeps_its_digits(fhir: Facade) -> None:
    id_ = the(fhir, "29463-7")["id"]
    assert '"value":71.20,' in fhir.ask(f"Observation/{id_}").text


def test_blood_pressure_is_a_panel(fhir: Facade) -> None:
    made = the(fhir, "85354-9", 1)  # the one that came with the device's clock
    assert made["meta"]["profile"] == [
        f"{US_CORE}/us-core-blood-pressure",
        f"{PHD}/PhdCompoundNumericObservation",
    ]
    assert codes(made["code"]) == {(MDC, "150020"), (LOINC, "85354-9")}
    assert not {"valueQuantity", "dataAbsentReason"} & set(made)
    systolic, diastolic = made["component"]
    assert codes(systolic["code"]) == {(MDC, "150021"), (LOINC, "8480-6")}
    assert systolic["valueQuantity"] == quantity(118, "mm[Hg]")
    assert codes(diastolic["code"]) == {(MDC, "150022"), (LOINC, "8462-4")}
    assert diastolic["valueQuantity"] == quantity(76, "mm[Hg]")


def test_glucose_is_phds_only(fhir: Facade) -> None:
    made = the(fhir, "41653-7")
    assert made["meta"]["profile"] == [f"{PHD}/PhdNumericObservation"]
    assert [codes(each) for each in made["category"]] == [
        {("http://hl7.org/fhir/uv/phd/CodeSystem/PhdObservationCategories", "phd")}
    ]
    assert codes(made["code"]) == {(MDC, "160184"), (LOINC, "41653-7")}


def test_device_and_gateway(fhir: Facade) -> None:
    made, site = the(fhir, "85354-9"), fhir.sites[0]
    assert made["device"] == {"reference": f"Device/{site.cuff}"}
    assert extension(made, GATEWAY) == f"Device/{site.hub}"
    cuff, hub = fhir.get(f"Device/{site.cuff}"), fhir.get(f"Device/{site.hub}")
    assert codes(cuff["type"]) == {(MDC, "65573")}
    assert codes(cuff["specialization"][0]["systemType"]) == {(MDC, "528391")}
    assert codes(hub["type"]) == {(MDC, "531981")}


def test_the_coincident_time_stamp(fhir: Facade) -> None:
    made, site = the(fhir, "85354-9", 1), fhir.sites[0]
    clock = fhir.get(extension(made, COINCIDENT))
    assert clock["meta"]["profile"] == [f"{PHD}/PhdCoincidentTimeStampObservation"]
    assert codes(clock["code"]) == {(MDC, "67975")}
    assert clock["subject"] == {"reference": f"Device/{site.cuff}"}
    assert clock["device"] == {"reference": f"Device/{site.hub}"}
    ahead = datetime.fromisoformat(clock["valueDateTime"]).replace(tzinfo=None) - (
        datetime.fromisoformat(clock["effectiveDateTime"]).astimezone(UTC).replace(tzinfo=None)
    )
    assert ahead == timedelta(minutes=7)
    (component,) = clock["component"]
    assert codes(component["code"]) == {(MDC, "68220")}
    assert "identifier" not in clock


def test_the_identifier_is_the_devices_own_time(fhir: Facade) -> None:
    made = the(fhir, "85354-9", 1)
    (identifier,) = made["identifier"]
    assert identifier["system"] == f"{PHD}/PhdBaseObservation"
    device, *patient, type_, seconds = identifier["value"].split("-")
    assert len(device) == 12
    assert device == device.upper()
    assert ("-".join(patient), type_) == (str(fhir.patient), "150020")
    shown = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds))
    taken = datetime.fromisoformat(made["effectiveDateTime"])
    assert shown - taken == timedelta(minutes=7)


def test_why_there_is_no_number(fhir: Facade) -> None:
    def reason(observation: dict[str, Any]) -> str:
        assert "valueQuantity" not in observation
        ((system, code),) = codes(observation["dataAbsentReason"])
        assert system == "http://terminology.hl7.org/CodeSystem/data-absent-reason"
        return code

    assert reason(the(fhir, "59408-5")) == "not-a-number"
    assert reason(the(fhir, "8867-4")) == "positive-infinity"
    doubted, failed = the(fhir, "8310-5"), the(fhir, "8310-5", 1)
    assert reason(failed) == "error"
    assert doubted["valueQuantity"]["value"] == 37.0
    status = "http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status"
    assert codes(doubted["interpretation"][0]) == {(status, "questionable")}


def test_a_control_solution_is_nobodys_glucose(fhir: Facade) -> None:
    assert fhir.found("Observation?code=160208") == []
