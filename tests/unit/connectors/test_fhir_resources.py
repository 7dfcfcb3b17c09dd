"""What goes to a FHIR server is FHIR R4, says what the standard's codes mean, and nothing else."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fhir.resources.R4B import get_fhir_model_class
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.detectedissue import DetectedIssue
from fhir.resources.R4B.task import Task

from alerting.model import Severity
from gateway.care.moves import CLOSED, Status
from gateway.connectors import kinds
from gateway.connectors.fhir import ALL, Fhir
from gateway.connectors.fhir_parts.bundle import Written, written
from gateway.connectors.fhir_parts.codes import PRIORITY, SERIOUS, STATUS
from gateway.connectors.ports import End, Evidence, Value, Work
from tests.integration.connectors.works import END, NOTE, SENTENCE, full, minimal, taken

NOW = datetime.now(UTC)
URL = "https://ehr.example.org/fhir"
UNREACHED = End("visit_3d", "no_answer_xN", actionable=False, attempts=3)
WORKS = {
    "minimal": minimal(),
    "title": replace(full(), sentence=None, evidence=()),
    "full": full(),
    "taken": taken(full()),
    "closed": taken(full(), status=Status.COMPLETED, end=END, closed_at=NOW),
    "unreached": taken(minimal(), status=Status.COMPLETED, end=UNREACHED, closed_at=NOW),
    "no alert": minimal(alert=None, alert_severity=None, alert_state=None),
    "without a name there": replace(full(), patient=replace(full().patient, external_id=None)),
}


# https://hl7.org/fhir/R4/valueset-task-status.html
STANDARD = {
    *("draft", "requested", "received", "accepted", "rejected", "ready", "cancelled"),
    *("in-progress", "on-hold", "failed", "completed", "entered-in-error"),
}


def connector(**table: Any) -> Fhir:
    built = kinds()["fhir"].build({"url": URL, **table})
    assert isinstance(built, Fhir)
    return built


def sent(work: Work, **table: Any) -> list[dict[str, Any]]:
    """Return the resources of the transaction."""
    bundle = json.loads(connector(**table).requests(work)[-1].body)
    return [entry["resource"] for entry in bundle["entry"]]


def allowed(model: Any, field: str) -> set[str]:
    return set(model.model_fields[field].json_schema_extra["enum_values"])


@pytest.mark.parametrize("table", [{}, {"patients": "logical"}, {"bare_issue": True}], ids=str)
@pytest.mark.parametrize("name", WORKS)
def test_what_is_sent_is_r4(name: str, table: dict[str, Any]) -> None:
    body = connector(**table).requests(WORKS[name])[-1].body
    Bundle.model_validate_json(body)
    for resource in sent(WORKS[name], **table):
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_every_status_of_the_standard_is_read() -> None:
    assert set(STATUS) == STANDARD
    assert set(STATUS.values()) == set(Status)


def test_every_status_of_ours_is_read_back_as_itself() -> None:
    assert all(STATUS[status.value] is status for status in Status)


def test_every_severity_has_a_code() -> None:
    assert set(PRIORITY) == set(SERIOUS) == set(Severity)
    assert set(PRIORITY.values()) == allowed(Task, "priority")
    assert set(SERIOUS.values()) == allowed(DetectedIssue, "severity")


def test_of_a_minimal_task_nothing_else_is_sent() -> None:
    closed = taken(minimal(), status=Status.COMPLETED, end=replace(END, note=None))
    for work in (minimal(), closed):
        assert [each["resourceType"] for each in sent(work)] == ["Task"]


def test_a_bare_issue_says_how_serious_it_is_and_no_more() -> None:
    issue, task = sent(minimal(), bare_issue=True)
    assert (issue["severity"], "code" in issue, "detail" in issue) == ("high", False, False)
    assert task["focus"]["reference"].startswith("urn:uuid:")


def test_a_full_task_brings_its_evidence() -> None:
    work = taken(full(), status=Status.COMPLETED, end=END, closed_at=NOW)
    found = {each["resourceType"]: each for each in sent(work)}
    assert set(found) == {*ALL, "Task"}
    assert found["DetectedIssue"]["detail"] == SENTENCE
    assert found["Communication"]["payload"] == [{"contentString": NOTE}]
    components = found["Observation"]["component"]
    loinc = [
        coding["code"]
        for each in components
        for coding in each["code"]["coding"]
        if coding["system"] == "http://loinc.org"
    ]
    assert loinc == ["8480-6", "8462-4"]
    assert {each["valueQuantity"]["code"] for each in components} == {"mm[Hg]"}


@pytest.mark.parametrize("left_out", sorted(ALL))
def test_what_a_site_does_not_want_is_not_sent(left_out: str) -> None:
    work = taken(full(), status=Status.COMPLETED, end=END, closed_at=NOW)
    resources = sent(work, send=sorted(ALL - {left_out}))
    assert {each["resourceType"] for each in resources} == {*ALL, "Task"} - {left_out}
    names = {entry["fullUrl"] for entry in entries(work, send=sorted(ALL - {left_out}))}
    assert {each for each in references(resources) if each.startswith("urn:")} <= names


def entries(work: Work, **table: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(connector(**table).requests(work)[-1].body)["entry"]
    return found


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (v for k, v in value.items() if k == "reference")
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from references(each)


def measured(*values: Value) -> list[dict[str, Any]]:
    line = Evidence(uuid4(), uuid4(), NOW, Severity.P2, SENTENCE, values)
    return [each for each in sent(full(evidence=(line,))) if each["resourceType"] == "Observation"]


def test_saturation_has_both_codes_and_pulse_its_own_observation() -> None:
    saturation, pulse = measured(
        Value("spo2", Decimal(91), "%"), Value("pulse", Decimal(110), "/min")
    )
    codes = [(each["system"], each["code"]) for each in saturation["code"]["coding"]]
    assert codes == [
        ("urn:iso:std:iso:11073:10101", "150456"),
        ("http://loinc.org", "59408-5"),
        ("http://loinc.org", "2708-6"),
    ]
    # Of a cuff or of an oximeter: nobody tells, so there is no MDC code.
    assert [each["code"] for each in pulse["code"]["coding"]] == ["8867-4"]


def test_glucose_has_the_code_of_its_sample() -> None:
    capillary, plasma, other = measured(
        Value("glucose", Decimal(52), "mg/dL", 160184),
        Value("glucose_after", Decimal("2.9"), "mmol/L", 160188),
        Value("glucose_trend", Decimal(1), "mg/dL/min", 160472),
    )
    codes = [
        [code["code"] for code in each["code"]["coding"]] for each in (capillary, plasma, other)
    ]
    assert codes == [["160184", "41653-7"], ["160188", "14749-6"], ["160472"]]


def test_glucose_of_an_unknown_sample_has_no_code() -> None:
    (glucose,) = measured(Value("glucose", Decimal(52), "mg/dL"))
    assert glucose["code"] == {"text": "glucose"}
    assert "category" not in glucose


def test_a_number_keeps_its_digits() -> None:
    line = Evidence(
        uuid4(), uuid4(), NOW, Severity.P2, SENTENCE, (Value("weight", Decimal("80.50"), "kg"),)
    )
    request = connector()._creation(full(evidence=(line,)))
    assert b'"value":80.50' in request.content


@pytest.mark.parametrize(
    ("response", "resource", "version"),
    [
        ({"etag": 'W/"7"', "location": "Task/a/_history/7"}, None, "7"),  # HAPI
        ({"location": "Task/a"}, {"id": "a", "meta": {"versionId": "7"}}, "7"),  # Medplum
        ({"location": "https://ehr.example.org/fhir/Task/a/_history/7"}, None, "7"),
        ({"etag": 'W/"7"'}, None, "7"),  # an update need not say where it is
        ({}, None, None),
    ],
)
def test_what_was_written_is_read_from_wherever_a_server_says_it(
    response: dict[str, str], resource: dict[str, Any] | None, version: str | None
) -> None:
    entry = {"response": {"status": "200 OK", **response}}
    entry |= {"resource": resource} if resource else {}
    bundle = {"resourceType": "Bundle", "type": "transaction-response", "entry": [{}, entry]}
    assert written(httpx.Response(200, json=bundle), "a") == Written("200", "a", version)


def test_an_answer_that_says_nothing_is_no_success() -> None:
    assert written(httpx.Response(200, json={"resourceType": "Bundle"}), "a") is None
    assert written(httpx.Response(200, text="<html>"), "a") is None


def test_a_flag_ends_with_its_alert_or_its_task() -> None:
    def flag(work: Work) -> tuple[str, bool]:
        (found,) = [each for each in sent(work) if each["resourceType"] == "Flag"]
        return found["status"], "end" in found["period"]

    assert flag(full()) == ("active", False)
    assert flag(full(alert_state="resolved")) == ("inactive", False)
    for status in CLOSED:
        assert flag(full(status=status, closed_at=NOW)) == ("inactive", True)
    milder = full(alert_severity=Severity.P3)
    assert [each for each in sent(milder) if each["resourceType"] == "Flag"] == []


@pytest.mark.parametrize("name", WORKS)
def test_what_we_write_is_read_as_we_said_it(name: str) -> None:
    work, pages = WORKS[name], connector(people={"Ada Byron": "Practitioner/7"}).tasks
    task = pages.resource(work, {}, None) | {"id": "a", "meta": {"versionId": "1"}}
    remote = pages.remote(task, NOW)
    assert remote is not None
    assert (remote.task, remote.status, remote.owner) == (work.task, work.status, work.owner)
    assert remote.outcome == (work.end.outcome if work.end else None)
    assert remote.attempts == (work.end.attempts if work.end else None)
    assert pages.untouched(task)
    assert not pages.untouched(task | {"status": "failed"})
    assert not pages.untouched(task | {"note": [{"text": "I called."}]})


def test_what_others_wrote_into_a_task_stays() -> None:
    pages = connector().tasks
    theirs = {
        "note": [{"text": "I called."}],
        "groupIdentifier": {"value": "7"},
        "owner": {"reference": "Organization/4"},
    }
    ours = pages.resource(minimal(), {}, None)
    other = {"system": "https://clinic.example/tasks", "value": "T-9"}
    current = ours | theirs | {"id": "a", "identifier": [other, *ours["identifier"]]}
    mine = pages.resource(taken(minimal(), owner=None), {}, None)
    merged = pages.merged(current, mine | {"identifier": ours["identifier"]})
    assert {key: merged[key] for key in theirs} == theirs
    assert merged["identifier"] == [*ours["identifier"], other]
    assert merged["status"] == "accepted"
    assert len(merged["extension"]) == 1
    assert pages.untouched(merged)


def test_a_queue_there_is_nobody() -> None:
    pages = connector().tasks
    task = pages.resource(minimal(), {}, None) | {"id": "a"}
    for owner in ({"reference": "CareTeam/1"}, {"type": "Organization", "display": "Nurses"}):
        remote = pages.remote(task | {"owner": owner}, NOW)
        assert remote is not None
        assert remote.owner is None
