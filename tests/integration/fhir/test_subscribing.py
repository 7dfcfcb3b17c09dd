"""What is subscribed to, by whom, and which endpoints are taken."""

from typing import Any

import pytest

from gateway.access.rights import Right, Role
from gateway.fhir.errors import Unprocessable
from gateway.fhir.hook import Hook
from tests.integration.fhir.conftest import Facade
from tests.integration.fhir.endpoint import asked, subscribe

# FHIR lets this stand in for what is mandatory.
WHY = {
    "extension": [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
            "valueCode": "unknown",
        }
    ]
}


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://hooks.example.org/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://10.0.0.1/x",
        "https://169.254.169.254/latest",
        "https://[::ffff:127.0.0.1]/x",
        "https://[::127.0.0.1]/x",
        "https://[64:ff9b::7f00:1]/x",
        "https://[2002:7f00:1::]/x",
        "https://[fec0::1]/x",
        "https://hooks.example.org:99999/x",
        "https://user:secret@hooks.example.org/x",
        "https://hooks.example.org/#x",
        "ftp://hooks.example.org/x",
        "https://",
    ],
)
def test_an_endpoint_that_is_not_taken(fhir: Facade, endpoint: str) -> None:
    answer = subscribe(fhir, asked(endpoint))
    assert (answer.status_code, answer.json()["resourceType"]) == (422, "OperationOutcome")
    with pytest.raises(Unprocessable):
        Hook().check(endpoint)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (asked("https://a.example/", "Task?_include=Task:focus"), 400),
        (asked("https://a.example/", "Task?colour=red"), 400),
        (asked("https://a.example/", "Medication?x=y"), 400),
        (asked("https://a.example/", channel={"payload": "application/fhir+json"}), 422),
        (asked("https://a.example/", channel={"type": "email"}), 422),
        (asked("https://a.example/", channel={"header": ["Host: elsewhere"]}), 422),
        (asked("https://a.example/", channel={"header": ["X: a\r\nY: b"]}), 422),
        (asked("https://a.example/", channel={"header": ["X:" + 100_000 * " " + "\u00e9"]}), 422),
        (
            asked("https://a.example/", channel={"header": [None, "X: a"], "_header": [WHY, None]}),
            422,
        ),
        (asked("https://a.example/", reason=None, _reason=WHY), 422),
        (asked("https://a.example/", "Patient?name=%00"), 400),
        ({"resourceType": "Patient"}, 422),
        ({"resourceType": "Subscription", "status": "requested"}, 422),
    ],
)
def test_what_is_not_taken(fhir: Facade, body: dict[str, Any], status: int) -> None:
    answer = subscribe(fhir, body)
    assert (answer.status_code, answer.json()["resourceType"]) == (status, "OperationOutcome")
    assert "not-to-be-seen" not in answer.text


def test_only_what_may_be_seen_is_subscribed_to(fhir: Facade) -> None:
    few = fhir.key({Right.DEVICES_READ})
    assert subscribe(fhir, asked("https://a.example/"), key=few).status_code == 403
    person = fhir.console.client(Role.COORDINATOR)
    assert person.post("/fhir/Subscription", json=asked("https://a.example/")).status_code == 422
