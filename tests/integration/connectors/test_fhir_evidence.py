"""An alert's readings, from the rows of the database to Observations at a FHIR server."""

from collections.abc import Iterator

import pytest
from fhir.resources.R4B.observation import Observation

from gateway.connectors.ports import Contents
from gateway.storage.database import Database
from simulators.far_sides.fhir import FhirServer
from tests.fixtures.database import copied
from tests.integration.connectors.ward import Ward


@pytest.fixture
def database(embedded_url: str, template: str) -> Iterator[Database]:
    with copied(embedded_url, template) as database:
        yield database


def test_a_task_brings_its_evidence(database: Database) -> None:
    with FhirServer() as side:
        ward = Ward.open(database, side, "fhir-full", Contents.FULL)
        ward.alerts(2)
        ward.settle()
        ward.leave()
        found = [each for (kind, _), each in side.store.held.items() if kind == "Observation"]
    codes = set()
    for each in found:
        Observation.model_validate(each)
        codes.add(tuple(coding["code"] for coding in each["code"]["coding"]))
        assert each["device"]["reference"].startswith("Device/")
    assert codes >= {("150020", "85354-9"), ("160184", "41653-7")}
