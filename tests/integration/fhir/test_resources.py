"""Every resource: read, found, and as FHIR R4 wants it."""

from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from gateway.fhir.registry import RESOURCES
from tests.integration.fhir.conftest import Facade


def parsed(resource: dict[str, Any]) -> Any:
    """Parse it as HL7's definitions of R4B have it; raises where they do not allow it."""
    return get_fhir_model_class(resource["resourceType"]).model_validate(resource)


@pytest.mark.parametrize("type_", RESOURCES)
def test_each_is_found_read_and_is_what_hl7_says(fhir: Facade, type_: str) -> None:
    bundle = fhir.get(type_)
    parsed(bundle)
    found = fhir.found(type_)
    assert found
    for resource in found:
        parsed(resource)
        assert resource["resourceType"] == type_
    answer = fhir.ask(f"{type_}/{found[0]['id']}")
    assert answer.json() == found[0]
    assert answer.headers["etag"] == f'W/"{found[0]["meta"]["versionId"]}"'
    assert "last-modified" in answer.headers
    again = fhir.ask(f"{type_}/{found[0]['id']}", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_metadata_is_one_and_tells_of_each(fhir: Facade) -> None:
    told = fhir.client.get("/fhir/metadata").json()
    parsed(told)
    assert told["fhirVersion"] == "4.0.1"
    types = [each["type"] for each in told["rest"][0]["resource"]]
    assert types == [*RESOURCES, "Subscription"]
