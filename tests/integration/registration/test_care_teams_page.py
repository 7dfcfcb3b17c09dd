"""Care teams at the console: made, joined, left; two people never overwrite each other."""

import re

from gateway.access.rights import Role
from tests.fixtures.console import Console

PATH = "/care-teams"


def team(console: Console, name: str) -> tuple[str, str]:
    """Make a team; return its path and its version."""
    browser = console.client(Role.COORDINATOR)
    place = browser.post(PATH, data={"name": name}).headers["location"]
    return f"{PATH}/{place.rpartition('#team-')[2]}", "1"


def test_a_colleague_is_taken_in_and_let_go(console: Console) -> None:
    path, version = team(console, "Ward 3")
    browser, nurse = console.client(Role.COORDINATOR), console.people[Role.CLINICIAN, 0]
    joining = {"version": version, "person": str(nurse), "function": "nurse"}
    assert browser.post(f"{path}/members", data=joining).status_code == 303
    page = browser.get(PATH).text
    assert re.search(r"<b>Clinician 0</b><span[^>]*>Nurse", page)
    again = browser.post(f"{path}/members", data=joining)
    assert again.status_code == 412
    assert "Somebody changed this team meanwhile" in again.text
    assert browser.post(f"{path}/members/{nurse}/end", data={"version": "2"}).status_code == 303
    assert "<b>Clinician 0</b>" not in browser.get(PATH).text


def test_names_differ_and_are_there(console: Console) -> None:
    team(console, "North")
    browser = console.client(Role.ADMINISTRATOR)
    assert browser.post(PATH, data={"name": "NORTH"}).status_code == 409
    assert browser.post(PATH, data={"name": "  "}).status_code == 422


def test_nobody_of_another_organisation_is_taken_in(console: Console) -> None:
    path, version = team(console, "South")
    stranger = str(console.people[Role.CLINICIAN, 1])
    joining = {"version": version, "person": stranger, "function": "lead"}
    assert console.client(Role.COORDINATOR).post(f"{path}/members", data=joining).status_code == 400
    assert (
        console.client(Role.COORDINATOR, 1).post(f"{path}/members", data=joining).status_code == 404
    )
    assert console.client(Role.AUDITOR).get(PATH).status_code == 403
