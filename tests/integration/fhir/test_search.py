"""Searches: what finds what, pages, what is included, and what is said of what cannot be."""

from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest

from gateway.access.rights import Right
from gateway.fhir.systems import EXTERNAL_ID, LOINC, MDC, PHD_IDENTIFIER
from tests.integration.alerting.homes import ago, take_glucoses
from tests.integration.fhir.conftest import Facade

NOBODY = UUID(int=7)


def ids(resources: list[dict[str, Any]]) -> set[str]:
    return {each["id"] for each in resources}


def told(answer: Any) -> tuple[int, str]:
    body = answer.json()
    assert answer.headers["content-type"].startswith("application/fhir+json"), answer.text
    assert body["resourceType"] == "OperationOutcome"
    return answer.status_code, body["issue"][0]["details"]["text"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (f"code={LOINC}|85354-9", 4),
        ("code=85354-9", 4),
        (f"code={MDC}|150020", 4),
        ("code=http://snomed.info/sct|85354-9", 0),
        ("code=41653-7", 2),  # by its unit, mg/dL
        ("code=14743-9", 0),  # mmol/L
        ("code=8310-5,29463-7", 4),
        ("code=8867-4", 2),
        ("category=vital-signs&code=41653-7", 0),
        ("category=phd&code=41653-7", 2),
        ("status=final&code=29463-7", 1),
        ("status=preliminary", 0),
        ("code=67975", 0),  # its subject is the device
    ],
)
def test_observations_of_a_patient(fhir: Facade, query: str, count: int) -> None:
    found = fhir.found(f"Observation?patient={fhir.patient}&{query}")
    assert len(found) == count
    assert fhir.found(f"Observation?subject=Patient/{fhir.patient}&{query}") == found
    assert fhir.found(f"Observation?subject:Patient={fhir.patient}&{query}") == found


@pytest.mark.parametrize(
    ("prefix", "hours", "count"),
    [("gt", 20, 2), ("ge", 20, 2), ("lt", 20, 2), ("le", 20, 2), ("gt", -1, 0), ("sa", 100, 3)],
)
def test_dates(fhir: Facade, prefix: str, hours: float, count: int) -> None:
    # The pressures were taken 3, 2, 30 and 200 hours ago.
    date = f"{prefix}{ago(hours).isoformat()}"
    query = urlencode({"patient": str(fhir.patient), "code": "85354-9", "date": date})
    assert len(fhir.found(f"Observation?{query}")) == count


def test_a_day_is_a_span(fhir: Facade) -> None:
    day = ago(200).date().isoformat()
    base = f"Observation?patient={fhir.patient}&code=85354-9&date="
    assert len(fhir.found(base + day)) == 1
    assert len(fhir.found(f"{base}ne{day}")) == 3
    assert len(fhir.found(f"{base}ge{day}&date=le{day}")) == 1


def test_last_updated_finds_what_is_new(fhir: Facade) -> None:
    before = fhir.found("Observation?_sort=-_lastUpdated&_count=1")[0]["meta"]["lastUpdated"]
    query = urlencode({"_lastUpdated": f"gt{before}"})
    assert fhir.found(f"Observation?{query}") == []
    take_glucoses(fhir.sites[0], fhir.console.database, ("99", 0.2))
    (new,) = fhir.found(f"Observation?{query}")
    assert new["valueQuantity"]["value"] == 99


def test_sorted_by_date(fhir: Facade) -> None:
    path = f"Observation?patient={fhir.patient}&_count=3&_sort="
    found = [
        datetime.fromisoformat(each["effectiveDateTime"]) for each in fhir.found(f"{path}date")
    ]
    assert found == sorted(found)
    down = [
        datetime.fromisoformat(each["effectiveDateTime"]) for each in fhir.found(f"{path}-date")
    ]
    assert down == found[::-1]


def test_identifiers(fhir: Facade) -> None:
    (patient,) = fhir.found(f"Patient?identifier={quote(EXTERNAL_ID)}|MRN-0")
    assert patient["id"] == str(fhir.patient)
    assert fhir.found("Patient?identifier=MRN-0") == [patient]
    assert fhir.found(f"Patient?identifier=urn:uuid:{fhir.patient}") == [patient]
    assert fhir.found("Patient?identifier=MRN-1") == []  # the other clinic's
    one = fhir.found(f"Observation?patient={fhir.patient}&code=29463-7")[0]
    value = one["identifier"][0]["value"]
    assert fhir.found(f"Observation?identifier={PHD_IDENTIFIER}|{value}") == [one]


def test_names_are_sought_by_post_and_are_in_no_link(fhir: Facade) -> None:
    path, form = "Patient/_search", {"name": "test PAT", "_count": "1"}
    bundle = fhir.ask(path, method="POST", data=form).json()
    assert [entry["resource"]["id"] for entry in bundle["entry"]] == [str(fhir.patient)]
    many = fhir.ask("Observation/_search", method="POST", data={"code": "85354-9", "_count": "1"})
    (following,) = [link["url"] for link in many.json()["link"] if link["relation"] == "next"]
    assert "85354" not in following
    assert len(fhir.get(following)["entry"]) == 1
    assert told(fhir.ask(path, method="POST", json=form))[0] == 400


@pytest.mark.parametrize(
    "query",
    ["family=pat", "given=TES", "birthdate=1950-02-03", "birthdate=lt1960", "phone=%2B15550100"],
)
def test_patients(fhir: Facade, query: str) -> None:
    assert ids(fhir.found(f"Patient?{query}")) == {str(fhir.patient)}


def test_tasks_and_alerts(fhir: Facade) -> None:
    tasks = fhir.found(f"Task?patient={fhir.patient}&status=requested,accepted")
    assert {task["priority"] for task in tasks} == {"stat", "asap"}
    assert fhir.found("Task?status=completed") == []
    (low,) = fhir.found("Task?code=glucose_low")
    assert fhir.found(f"Task?focus={low['focus']['reference']}") == [low]
    (alert,) = fhir.found("DetectedIssue?code=glucose_low")
    assert alert["id"] == low["focus"]["reference"].partition("/")[2]
    assert fhir.found(f"DetectedIssue?_id={alert['id']}") == [alert]
    evidence = ids(fhir.found("Observation?code=41653-7"))
    assert {each["reference"].partition("/")[2] for each in alert["implicated"]} <= evidence


def test_devices(fhir: Facade) -> None:
    site = fhir.sites[0]
    assert ids(fhir.found(f"Device?patient={fhir.patient}")) == {str(site.cuff)}
    assert ids(fhir.found("Device?type=531981")) == {str(site.hub)}
    (cuff,) = fhir.found("Device?type=65573")
    address = next(each["value"] for each in cuff["identifier"] if "bluetooth" in each["system"])
    assert fhir.found(f"Device?identifier={address}") == [cuff]
    metrics = fhir.found(f"DeviceMetric?source=Device/{site.cuff}")
    assert {each["type"]["coding"][0]["code"] for each in metrics} == {"150020", "149546"}


def test_what_is_included(fhir: Facade) -> None:
    path = f"Task?patient={fhir.patient}&_include=Task:patient&_include=Task:focus"
    modes: dict[str, set[str]] = {"match": set(), "include": set()}
    for entry in fhir.get(path)["entry"]:
        modes[entry["search"]["mode"]].add(entry["resource"]["resourceType"])
    assert modes == {"match": {"Task"}, "include": {"Patient", "DetectedIssue"}}
    only = fhir.get(f"{path}&_include=Task:input:Observation&_count=1")
    assert "Observation" in {each["resource"]["resourceType"] for each in only["entry"]}
    few = fhir.key({Right.TASKS_READ})  # may see no patient
    kinds = {each["resource"]["resourceType"] for each in fhir.get(path, key=few)["entry"]}
    assert kinds == {"Task"}


def test_the_device_of_an_observation_and_its_clock(fhir: Facade) -> None:
    path = f"Observation?patient={fhir.patient}&code=85354-9&_sort=-date&_include=*"
    kinds = [each["resource"] for each in fhir.get(path)["entry"]]
    assert {each["resourceType"] for each in kinds} == {"Observation", "Patient", "Device"}
    clocks = [each for each in kinds if each.get("code", {}).get("text") == "Absolute time"]
    assert len(clocks) == 1


def test_pages_are_complete_while_rows_are_added(fhir: Facade) -> None:
    before = ids(fhir.found("Observation"))
    bundle, seen, size = fhir.get("Observation?_count=3"), [], 0
    while True:
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        assert len(bundle["entry"]) <= 3
        size += 1
        if size < 5:
            site = fhir.sites[size % 2]
            take_glucoses(site, fhir.console.database, (f"{100 + size}", 0.1 * size + 0.01))
        follows = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
        if not follows:
            break
        bundle = fhir.get(follows[0])
    assert len(seen) == len(set(seen))
    assert before <= set(seen)
    assert len(set(seen) - before) == 2


def test_counts(fhir: Facade) -> None:
    many = len(fhir.found("Observation"))
    for query in ("_summary=count", "_count=0"):
        bundle = fhir.get(f"Observation?{query}")
        assert (bundle["total"], "entry" in bundle) == (many, False)
    assert fhir.get("Observation?_total=accurate&_count=1")["total"] == many


@pytest.mark.parametrize(
    "unknown", ["colour=red", "_revinclude=Task:focus", "_sort=colour", "_include=Task:colour"]
)
def test_what_is_unknown_is_left_out_or_refused(fhir: Facade, unknown: str) -> None:
    bundle = fhir.get(f"Task?status=requested&{unknown}")
    link = bundle["link"][0]["url"]
    assert link.endswith("/fhir/Task?status=requested")
    strict = {"prefer": "handling=strict"}
    assert told(fhir.ask(f"Task?{unknown}", headers=strict)) == (400, "not_supported")
    assert fhir.ask("Task?status=requested", headers=strict).status_code == 200


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("Observation?date=yesterday", "wrong_value"),
        ("Observation?date=2026-02-31", "wrong_value"),
        ("Observation?code=", "wrong_value"),
        ("Observation?code:text=x", "not_supported"),
        ("Task?status:not=completed", "not_supported"),
        ("Task?_count=many", "wrong_value"),
        ("Task?_page=x", "wrong_cursor"),
        (f"Task?status={'x' * 3000}", "wrong_value"),
    ],
)
def test_what_makes_no_sense(fhir: Facade, path: str, code: str) -> None:
    assert told(fhir.ask(path)) == (400, code)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"Task/{NOBODY}", 404),
        ("Task/x", 404),
        ("Observation/x-1", 404),
        (f"Observation/{NOBODY}-99999999999", 404),
        ("Medication", 404),
        ("Task?_format=xml", 406),
        ("metadata?_format=xml", 406),
    ],
)
def test_errors_are_outcomes(fhir: Facade, path: str, status: int) -> None:
    answer = fhir.ask(path)
    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert answer.json()["issue"][0]["diagnostics"]


def test_other_methods_and_formats(fhir: Facade) -> None:
    assert fhir.ask("Patient", method="POST", json={}).status_code == 405
    assert fhir.ask("Patient", headers={"accept": "application/fhir+xml"}).status_code == 406
    for accept in ("application/json", "*/*", "text/html, application/*;q=0.8"):
        assert fhir.ask("Patient?_count=1", headers={"accept": accept}).status_code == 200
    nobody = fhir.console.nobody().get("/fhir/Patient")
    assert nobody.status_code == 401
    assert nobody.headers["www-authenticate"].startswith("Bearer")
    assert nobody.json()["issue"][0]["code"] == "login"


def test_a_page_is_who_askeds(fhir: Facade) -> None:
    (following,) = [
        link["url"]
        for link in fhir.get("Observation?_count=1")["link"]
        if link["relation"] == "next"
    ]
    assert told(fhir.ask(following, which=1)) == (400, "wrong_cursor")
    assert told(fhir.ask(following.replace("Observation", "Task"))) == (400, "wrong_cursor")


def test_what_was_seen_is_in_the_audit(fhir: Facade) -> None:
    fhir.get(f"Observation?patient={fhir.patient}")
    fhir.get(f"Patient/{fhir.patient}")
    with fhir.console.database.transaction() as connection:
        rows = connection.execute(
            "SELECT action, patients, subject_kind, detail FROM audit"
            " ORDER BY organisation_id = %s, seq DESC",
            [fhir.console.organisations[1]],
        ).fetchall()[:2]
    assert [row["action"] for row in rows] == ["fhir.read", "fhir.search"]
    assert all(row["patients"] == [fhir.patient] for row in rows)
    assert rows[1]["detail"] == {"type": "Observation"}


@pytest.mark.parametrize(
    "query",
    [
        "_count=%C2%B2",
        "_lastUpdated=ap0001",
        "_lastUpdated=ap9998",
        "name=%00",
        "_id=" + ",".join("a" * 501),
    ],
    ids=["a digit that is none", "before all", "after all", "NUL", "many"],
)
def test_what_nobody_means_is_refused(fhir: Facade, query: str) -> None:
    assert told(fhir.ask(f"Patient?{query}")) == (400, "wrong_value")


def test_values_are_counted_together(fhir: Facade) -> None:
    many = {f"_id{n * ' '}": ",".join("a" * 300) for n in range(2)}
    answer = fhir.ask("Patient/_search", method="POST", data=many)
    assert told(answer) == (400, "wrong_value")


@pytest.mark.parametrize(
    "query",
    [
        "Task?status=http://hl7.org/fhir/task-status|requested",
        "Task?priority=http://hl7.org/fhir/request-priority|stat",
        "Observation?status=http://hl7.org/fhir/observation-status|final",
        "DetectedIssue?status=http://hl7.org/fhir/observation-status|preliminary",
        "DetectedIssue?severity=http://hl7.org/fhir/detectedissue-severity|high",
        "CareTeam?status=http://hl7.org/fhir/care-team-status|active",
        "Communication?status=http://hl7.org/fhir/event-status|completed",
        "Device?status=http://hl7.org/fhir/device-status|active",
        "DeviceMetric?category=http://hl7.org/fhir/metric-category|measurement",
        "Patient?active=http://terminology.hl7.org/CodeSystem/special-values|true",
    ],
)
def test_a_code_may_name_its_system(fhir: Facade, query: str) -> None:
    before, _, code = query.partition("=")
    assert fhir.found(query) == fhir.found(f"{before}={code.partition('|')[2]}") != []
    assert fhir.found(f"{before}=urn:other|{code.partition('|')[2]}") == []


def test_a_device_is_found_by_the_name_that_is_told(fhir: Facade) -> None:
    for each in fhir.found("Device"):
        (name,) = each["deviceName"]
        assert each["id"] in ids(fhir.found(f"Device?device-name={quote(name['name'][:6])}"))
    assert fhir.found("Device?device-name=%25") == []
