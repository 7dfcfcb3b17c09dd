"""Who is counted as one, and who is let in no more."""

import pytest
from starlette.requests import Request

from gateway.access import tries
from gateway.access.rights import Role
from gateway.access.tries import TooManyTries, begin_try
from gateway.storage.people import NewPerson, add_person, give_roles
from tests.fixtures.console import Console


def _from(host: str) -> Request:
    return Request({"type": "http", "headers": [], "client": (host, 1)})


def test_addresses_of_one_ipv6_network_count_together(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tries, "OF_ADDRESS", 3)
    desk = console.app.state.desk
    for each in range(3):
        begin_try(desk, _from(f"2001:db8::{each}"), f"v6-{each}@example.org")
    with pytest.raises(TooManyTries):
        begin_try(desk, _from("2001:db8::ffff:1"), "v6-4@example.org")
    for host in ("2001:db8:0:1::1", "::ffff:192.0.2.1", "192.0.2.2", "fe80::1%eth0", ""):
        begin_try(desk, _from(host), f"{host}@example.org")


def test_a_session_of_a_demo_person_ends_with_the_demo(console: Console) -> None:
    with console.database.transaction() as connection:
        new = NewPerson("Demo", "demo-session@example.org", demo=True)
        person = add_person(connection, new, console.now())
        give_roles(connection, console.organisations[0], person, [Role.CLINICIAN], console.now())
    assert console.signed_in(person).get("/api/v1/patients").status_code == 401
