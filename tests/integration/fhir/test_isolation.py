"""Another organisation finds nothing; of a restricted patient, nobody outside the team does."""

from collections.abc import Iterator
from typing import Any

import pytest

from gateway.access.programs import FOR_PROGRAMS
from gateway.access.rights import Role
from gateway.fhir.registry import RESOURCES
from tests.integration.fhir.conftest import Facade
from tests.integration.fhir.test_export import exported

OF_PATIENTS = [type_ for type_ in RESOURCES if not type_.startswith("Device")]


@pytest.mark.parametrize("type_", RESOURCES)
def test_another_organisation_finds_nothing(fhir: Facade, type_: str) -> None:
    ours, theirs = fhir.found(type_), fhir.found(type_, which=1)
    assert ours
    assert theirs
    assert not {each["id"] for each in ours} & {each["id"] for each in theirs}
    for each in ours[:3]:
        assert fhir.ask(f"{type_}/{each['id']}", which=1).status_code == 404
        assert fhir.found(f"{type_}?_id={each['id']}", which=1) == []
    assert str(fhir.patient) not in str(theirs)


@pytest.mark.parametrize("type_", RESOURCES)
def test_a_right_opens_its_resources_only(fhir: Facade, type_: str) -> None:
    few = fhir.key(FOR_PROGRAMS - RESOURCES[type_].rights)
    assert fhir.ask(type_, key=few).status_code == 403
    assert fhir.ask(f"{type_}/{fhir.patient}", key=few).status_code == 403
    assert fhir.ask(f"{type_}/_search", key=few, method="POST", data={}).status_code == 403


@pytest.fixture
def restricted(fhir: Facade) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """Restrict the patient; give what there was of them before."""
    before = {type_: fhir.found(type_) for type_ in RESOURCES}
    change = "UPDATE patient SET restricted = %s WHERE id = %s"
    with fhir.console.database.transaction() as connection:
        connection.execute(change, [True, fhir.patient])
    yield before
    with fhir.console.database.transaction() as connection:
        connection.execute(change, [False, fhir.patient])


def test_a_restricted_patient_is_found_by_nobody_else(
    fhir: Facade, restricted: dict[str, list[dict[str, Any]]]
) -> None:
    for type_ in OF_PATIENTS:
        assert fhir.found(type_) == [], type_
        answer = fhir.ask(f"{type_}/{restricted[type_][0]['id']}")
        assert answer.status_code == 403
        assert answer.json()["issue"][0]["details"]["text"] == "restricted"
    for query in ("", f"?patient={fhir.patient}"):
        assert str(fhir.patient) not in str(fhir.found(f"Device{query}"))
    assert fhir.found(f"Device?patient={fhir.patient}") == []
    _, files = exported(fhir)
    assert set(files) == {"Device", "DeviceMetric"}
    assert str(fhir.patient) not in str(files)
    link = fhir.get(f"Task?_include=Task:patient&patient={fhir.patient}")
    assert "entry" not in link


@pytest.mark.usefixtures("restricted")
def test_the_care_team_still_sees_them(fhir: Facade) -> None:
    nurse, other = fhir.console.client(Role.COORDINATOR), fhir.console.client(Role.CLINICIAN)
    path = f"/fhir/Observation?patient={fhir.patient}"
    assert nurse.get(path).json()["entry"]
    assert "entry" not in other.get(path).json()
