"""fhirpy, which knows nothing of us, reads Patient, Observation and Task of a server that runs."""

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from fhirpy import SyncFHIRClient

from tests.integration.alerting.homes import until
from tests.integration.fhir.conftest import Facade


@pytest.fixture(scope="module")
def client(fhir: Facade) -> Iterator[SyncFHIRClient]:
    """Serve the console on a port, under the address that its links have."""
    listening = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    desk = fhir.console.app.state.desk
    settings = desk.settings.model_copy(update={"console_url": address})
    object.__setattr__(desk, "settings", settings)
    server = uvicorn.Server(uvicorn.Config(fhir.console.app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    until(lambda: server.started)
    yield SyncFHIRClient(f"{address}/fhir", authorization=f"Bearer {fhir.key()}")
    server.should_exit = True
    thread.join()


def test_from_a_patient_to_what_was_measured_to_what_is_to_be_done(
    fhir: Facade, client: SyncFHIRClient
) -> None:
    patient = client.resources("Patient").search(identifier="MRN-0").first()
    assert patient is not None
    assert patient["id"] == str(fhir.patient)
    pressures = client.resources("Observation").search(patient=patient.id, code="85354-9")
    assert pressures.search(date__lt="2000").fetch_all() == []
    whole = pressures.limit(1).fetch_all()  # by pages of one
    assert len(whole) == 4
    assert all(each["subject"].to_resource()["id"] == patient.id for each in whole[:1])
    bundle = client.resources("Task").search(patient=patient.id).include("Task", "focus")
    tasks = bundle.fetch_all()
    assert {task["status"] for task in tasks} == {"requested"}
    issue = tasks[0]["focus"].to_resource()
    assert issue["resourceType"] == "DetectedIssue"
    measured = issue["implicated"][0].to_resource()
    assert measured.id in {each.id for each in client.resources("Observation").fetch_all()}
