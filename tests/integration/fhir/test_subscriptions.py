"""Subscriptions: told that there is something new and never what, however the endpoint is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fhir.resources.R4B.subscription import Subscription

from gateway.access.rights import Right
from gateway.fhir.tell import Teller
from tests.integration.alerting.homes import evaluate, take_glucoses
from tests.integration.fhir.conftest import Facade
from tests.integration.fhir.endpoint import SECRET, Endpoint, asked, serving, subscribe


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with serving(tmp_path_factory.mktemp("tls")) as here:
        yield here


@pytest.fixture
def endpoint(server: Endpoint) -> Endpoint:
    server.heard.clear()
    server.status = 200
    server.began = None
    return server


@pytest.fixture
def made(fhir: Facade, endpoint: Endpoint) -> Iterator[str]:
    """Subscribe to open tasks; give the id."""
    answer = subscribe(fhir, asked(endpoint.url.replace("localhost", "hooks.example.org")))
    assert answer.status_code == 201, answer.text
    id_ = str(answer.json()["id"])
    with fhir.console.database.transaction() as connection:
        connection.execute(
            "UPDATE fhir_subscription SET endpoint = %s WHERE id = %s", [endpoint.url, id_]
        )
    endpoint.began = datetime.now(UTC)
    yield id_
    fhir.ask(f"Subscription/{id_}", method="DELETE")


def look(fhir: Facade, endpoint: Endpoint, later: float = 0) -> None:
    """Do what the loop beside the worker does, once for each that is due."""
    aside = timedelta(seconds=later)
    teller = Teller(fhir.console.app.state.settings.keys, endpoint.hook)
    with fhir.console.database.connect(autocommit=True) as connection:
        while teller.look(connection, (endpoint.began or datetime.now(UTC)) + aside):
            pass


def new_task(fhir: Facade) -> None:
    """Let something happen of which a subscriber is told."""
    with fhir.console.database.transaction() as connection:
        connection.execute(
            "UPDATE task SET sentence = sentence || ' ' WHERE patient_id = %s"
            " AND status = 'requested'",
            [fhir.patient],
        )


def state(fhir: Facade, id_: str) -> dict[str, Any]:
    return fhir.get(f"Subscription/{id_}")


def test_who_subscribed_is_told_and_not_what(fhir: Facade, endpoint: Endpoint, made: str) -> None:
    assert state(fhir, made)["status"] == "requested"
    look(fhir, endpoint)
    assert (state(fhir, made)["status"], endpoint.heard) == ("active", [])
    new_task(fhir)
    look(fhir, endpoint, 6)
    look(fhir, endpoint, 12)
    ((headers, body),) = endpoint.heard
    assert (headers["authorization"], body) == (SECRET, b"")
    assert headers["host"].startswith("localhost:")


def test_what_is_not_sought_is_not_told(fhir: Facade, endpoint: Endpoint, made: str) -> None:
    look(fhir, endpoint)
    with fhir.console.database.transaction() as connection:
        connection.execute("UPDATE patient SET address = 'y' WHERE id = %s", [fhir.patient])
        other = fhir.sites[1].patient
        connection.execute("UPDATE task SET sentence = 'x' WHERE patient_id = %s", [other])
    look(fhir, endpoint, 6)
    assert endpoint.heard == []
    assert state(fhir, made)["status"] == "active"


def test_its_secrets_are_never_shown_again(fhir: Facade, made: str) -> None:
    for path in (f"Subscription/{made}", "Subscription"):
        answer = fhir.ask(path)
        assert "not-to-be-seen" not in answer.text
    with fhir.console.database.transaction() as connection:
        row = connection.execute(
            "SELECT s::text AS whole, headers FROM fhir_subscription s WHERE id = %s", [made]
        ).fetchone()
    assert row is not None
    assert "not-to-be-seen" not in row["whole"]
    assert b"not-to-be-seen" not in bytes(row["headers"])


def test_it_is_as_hl7_has_it_and_its_programs_own(fhir: Facade, made: str) -> None:
    Subscription.model_validate(state(fhir, made))
    listed = fhir.get("Subscription")
    assert made in {entry["resource"]["id"] for entry in listed["entry"]}
    few = fhir.key({Right.TASKS_READ})
    for stranger in ({"key": few}, {"which": 1}):
        assert fhir.ask(f"Subscription/{made}", **stranger).status_code == 404
        answer = fhir.ask(f"Subscription/{made}", method="DELETE", **stranger)
        assert answer.status_code == 404


def test_who_is_away_is_told_later_and_less_often(
    fhir: Facade, endpoint: Endpoint, made: str
) -> None:
    look(fhir, endpoint)
    endpoint.status = 503
    new_task(fhir)
    look(fhir, endpoint, 6)
    assert (state(fhir, made)["status"], state(fhir, made)["error"]) == ("error", "http_503")
    look(fhir, endpoint, 7)
    assert len(endpoint.heard) == 1  # not at once
    look(fhir, endpoint, 30)
    look(fhir, endpoint, 31)
    assert len(endpoint.heard) == 2
    endpoint.status = 200
    look(fhir, endpoint, 3600)
    assert len(endpoint.heard) == 3
    shown = state(fhir, made)
    assert (shown["status"], "error" in shown) == ("active", False)


@pytest.mark.parametrize(("status", "later"), [(410, 0.0), (500, 90_000.0)])
def test_in_the_end_it_is_off_and_says_so(
    fhir: Facade, endpoint: Endpoint, made: str, status: int, later: float
) -> None:
    look(fhir, endpoint)
    endpoint.status = status
    new_task(fhir)
    look(fhir, endpoint, 6)
    if later:
        look(fhir, endpoint, later)
    assert (state(fhir, made)["status"], state(fhir, made)["error"]) == ("off", f"http_{status}")
    with fhir.console.database.transaction() as connection:
        row = connection.execute(
            "SELECT count(*) AS n FROM audit WHERE action = 'fhir.subscription-off'"
            " AND subject_id = %s",
            [made],
        ).fetchone()
    assert row == {"n": 1}
    count = len(endpoint.heard)
    look(fhir, endpoint, 200_000)
    assert len(endpoint.heard) == count


def test_it_ends_with_its_time_its_program_and_its_right(fhir: Facade, endpoint: Endpoint) -> None:
    public = "https://hooks.example.org/x"
    rights = {Right.TASKS_READ, Right.DEVICES_READ}
    ended = subscribe(fhir, asked(public, end="2020-01-01T00:00:00Z")).json()["id"]
    key = fhir.key(rights)
    over, less = (subscribe(fhir, asked(public), key=key).json()["id"] for _ in range(2))
    with fhir.console.database.transaction() as connection:
        connection.execute(
            "UPDATE fhir_subscription SET criteria = 'Patient' WHERE id = %s", [less]
        )
    look(fhir, endpoint)
    assert state(fhir, ended)["error"] == "ended"
    assert fhir.get(f"Subscription/{less}", key=key)["error"] == "not_allowed"
    with fhir.console.database.transaction() as connection:
        connection.execute(
            "UPDATE program SET disabled_at = now() WHERE id ="
            " (SELECT who FROM fhir_subscription WHERE id = %s)",
            [over],
        )
    look(fhir, endpoint, 6)
    with fhir.console.database.transaction() as connection:
        row = connection.execute(
            "SELECT status, error, headers FROM fhir_subscription WHERE id = %s", [over]
        ).fetchone()
    assert row == {"status": "off", "error": "program_ended", "headers": None}
    fhir.keys.pop((frozenset(rights), 0))


def test_a_reading_that_comes_is_told(fhir: Facade, endpoint: Endpoint) -> None:
    id_ = subscribe(
        fhir, asked("https://a.example/", f"Observation?patient={fhir.patient}")
    ).json()["id"]
    with fhir.console.database.transaction() as connection:
        connection.execute(
            "UPDATE fhir_subscription SET endpoint = %s WHERE id = %s", [endpoint.url, id_]
        )
    look(fhir, endpoint)
    take_glucoses(fhir.sites[0], fhir.console.database, ("101", 0.5))
    evaluate(fhir.console.database)
    look(fhir, endpoint, 6)
    assert len(endpoint.heard) == 1
    fhir.ask(f"Subscription/{id_}", method="DELETE")


def test_one_that_cannot_be_looked_after_holds_up_nobody(
    fhir: Facade, endpoint: Endpoint, made: str
) -> None:
    bad = subscribe(fhir, asked("https://a.example/")).json()["id"]
    with fhir.console.database.transaction() as connection:
        # Nothing that anybody foresaw.
        connection.execute(
            "UPDATE fhir_subscription SET headers = 'x', next_action_at = 'epoch' WHERE id = %s",
            [bad],
        )
    new_task(fhir)
    look(fhir, endpoint, 6)
    assert state(fhir, bad)["error"] == "ValueError"
    assert (state(fhir, made)["status"], len(endpoint.heard)) == ("active", 1)
    fhir.ask(f"Subscription/{bad}", method="DELETE")
