"""Names of code systems, identifiers, profiles and extensions, as their owners publish them."""

from typing import Any, Final

LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
MDC: Final = "urn:iso:std:iso:11073:10101"
CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
ABSENT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"

# HL7 Personal Health Device implementation guide, 2.0.0 (draft), and the point-of-care one that it
# takes its measurement status from.
PHD: Final = "http://hl7.org/fhir/uv/phd/"
PHD_CATEGORY: Final = f"{PHD}CodeSystem/PhdObservationCategories"
PHD_IDENTIFIER: Final = f"{PHD}StructureDefinition/PhdBaseObservation"
PHD_NUMERIC: Final = f"{PHD}StructureDefinition/PhdNumericObservation"
PHD_COMPOUND: Final = f"{PHD}StructureDefinition/PhdCompoundNumericObservation"
PHD_COINCIDENT: Final = f"{PHD}StructureDefinition/PhdCoincidentTimeStampObservation"
COINCIDENT: Final = f"{PHD}StructureDefinition/CoincidentTimeStampReference"
GATEWAY_DEVICE: Final = "http://hl7.org/fhir/StructureDefinition/observation-gatewayDevice"
MEASUREMENT_STATUS: Final = "http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status"
CONTINUA_ID: Final = "http://terminology.hl7.org/CodeSystem/ContinuaDeviceIdentifiers"
BLUETOOTH: Final = "http://hl7.org/fhir/sid/eui-48/bluetooth"

# Those of elements of type `code`, whose system is not written: it may be
# sought with it, or without.
TASK_STATUS: Final = "http://hl7.org/fhir/task-status"
REQUEST_PRIORITY: Final = "http://hl7.org/fhir/request-priority"
OBSERVATION_STATUS: Final = "http://hl7.org/fhir/observation-status"
SEVERITY: Final = "http://hl7.org/fhir/detectedissue-severity"
CARE_TEAM_STATUS: Final = "http://hl7.org/fhir/care-team-status"
EVENT_STATUS: Final = "http://hl7.org/fhir/event-status"
DEVICE_STATUS: Final = "http://hl7.org/fhir/device-status"
METRIC_CATEGORY: Final = "http://hl7.org/fhir/metric-category"
BOOLEAN: Final = "http://terminology.hl7.org/CodeSystem/special-values"

US_CORE: Final = "http://hl7.org/fhir/us/core/StructureDefinition/"

# Ours. An id of ours is a UUID, and so a URI by itself (RFC 9562, 4).
URI: Final = "urn:ietf:rfc:3986"
EXTERNAL_ID: Final = "urn:hearthline:patient-external-id"
RULE: Final = "urn:hearthline:rule"
QUEUE: Final = "urn:hearthline:queue"
STATE: Final = "urn:hearthline:alert-state"
OUTCOME: Final = "urn:hearthline:outcome"
URGENCY: Final = "urn:hearthline:urgency"
REACHED: Final = "urn:hearthline:contact-outcome"
FUNCTION: Final = "urn:hearthline:care-team-function"
PERSON: Final = "urn:hearthline:person"
PRIORITY: Final = "urn:hearthline:priority"
TIME_BASIS: Final = "urn:hearthline:time-basis"
PHD_SCHEME: Final = "urn:hearthline:phd-identifier-scheme"


def coding(system: str, code: str, display: str | None = None) -> dict[str, str]:
    """Return a Coding."""
    found = {"system": system, "code": code}
    return found | {"display": display} if display else found


def concept(system: str, code: str, text: str | None = None) -> dict[str, Any]:
    """Return a CodeableConcept of one code."""
    found: dict[str, Any] = {"coding": [coding(system, code)]}
    return found | {"text": text} if text else found


def uri_of(id_: object) -> dict[str, str]:
    """Return the identifier that one of our UUIDs is."""
    return {"system": URI, "value": f"urn:uuid:{id_}"}
