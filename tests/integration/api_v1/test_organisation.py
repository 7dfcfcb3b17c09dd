"""What an organisation is made of: people, programs, care teams, programmes, limits, patients."""

from typing import Any
from uuid import uuid4

import pytest

from gateway.access.rights import Role
from tests.fixtures.console import Console
from tests.integration.api_v1.conftest import World

ADA = {
    "given_name": "Ada",
    "family_name": "Lovelace",
    "birth_date": "1952-12-10",
    "timezone": "Europe/London",
    "phone": "+44 20 7946 0018",
    "consent_on": "2026-11-01",
    "consent_how": "verbal",
}


@pytest.fixture(scope="module")
def world(console: Console) -> World:
    return World(console)  # nobody has measured anything here


@pytest.fixture
def ada(world: World) -> str:
    """Give the path of a new patient."""
    new = ADA | {"family_name": f"Lovelace {uuid4().hex[:8].translate(LETTERS)}"}
    made = world.post("/patients", new)
    assert made.status_code == 201, made.text
    return f"/patients/{made.json()['id']}"


LETTERS = str.maketrans("0123456789", "ghijklmnop")


def put(world: World, path: str, body: Any, seen: str | None, role: Role) -> Any:
    headers = {"if-match": seen} if seen else {}
    return world.ask("PUT", path, role, json=body, headers=headers)


def test_registration_with_consent(world: World, ada: str) -> None:
    shown = world.ask("GET", f"{ada}/registration", Role.COORDINATOR)
    assert (shown.json()["given_name"], shown.json()["phones"]) == ("Ada", ["+442079460018"])
    (consent,) = world.get(f"{ada}/consents")
    assert (consent["how"], consent["withdrawn_at"]) == ("verbal", None)
    again = world.post(f"{ada}/consents", {"how": "written"})
    assert world.code(again) == (409, "conflict")
    gone = world.post(f"{ada}/consents/{consent['id']}/withdraw", {"how": "verbal"})
    assert gone.status_code == 200
    changed = ADA | {"family_name": shown.json()["family_name"], "phone": "+442079460019"}
    path, seen = f"{ada}/registration", shown.headers["etag"]
    assert world.code(put(world, path, changed, None, Role.COORDINATOR))[0] == 428
    first = put(world, path, changed, seen, Role.COORDINATOR)
    assert (first.status_code, first.json()["phones"]) == (200, ["+442079460019"])
    assert world.code(put(world, path, changed, seen, Role.CLINICIAN)) == (412, "changed")


def test_what_does_not_fit_is_named_and_not_quoted(world: World) -> None:
    wrong = world.post("/patients", ADA | {"phone": "123", "birth_date": "2999-01-01"})
    assert world.code(wrong) == (422, "wrong_input")
    assert set(wrong.json()["fields"]) == {"body.phone", "body.birth_date"}
    team = world.post("/patients", ADA | {"care_team": "Nobody knows it"})
    assert team.json()["fields"] == ["body.care_team"]
    assert "Nobody" not in team.text
    strange = world.post("/patients", ADA | {"Ada has a cough": 1})
    assert strange.json()["fields"] == ["body"]
    limit = {"rule": "spo2_low", "to": ["P1 <= 85 apples"], "reason": "COPD"}
    assert "apples" not in world.post("/limits", limit, Role.CLINICIAN).text


def test_a_restricted_patient_is_open_to_the_care_team_only(world: World) -> None:
    team = world.post("/care-teams", {"name": "North"})
    assert team.status_code == 201, team.text
    path = f"/care-teams/{team.json()['id']}"
    assert world.code(world.post("/care-teams", {"name": "north"})) == (409, "conflict")
    me = world.console.people[Role.CLINICIAN, 0]
    seen = world.ask("GET", path, Role.CLINICIAN).headers["etag"]
    lead = {"function": "lead"}
    joined = put(world, f"{path}/members/{me}", lead, seen, Role.CLINICIAN)
    assert [one["name"] for one in joined.json()["people"]] == ["Clinician 0"]
    late = put(world, f"{path}/members/{me}", lead, seen, Role.CLINICIAN)
    assert world.code(late) == (412, "changed")
    hidden = ADA | {"given_name": "Grace", "care_team": "North", "restricted": True}
    patient = world.post("/patients", hidden, Role.CLINICIAN).json()["id"]
    assert world.get(f"/patients/{patient}", Role.CLINICIAN)["hidden"] is False
    for more in ("", "/registration", "/readings", "/notes", "/rules", "/billing?month=2026-11"):
        answer = world.ask("GET", f"/patients/{patient}{more}", Role.COORDINATOR)
        assert world.code(answer) == (403, "restricted"), more
    listed = {each["id"]: each for each in world.get("/patients")["items"]}
    assert listed[patient]["hidden"] is True
    assert listed[patient]["last_reading_at"] is None


def test_limits_of_a_patient(world: World, ada: str) -> None:
    patient = ada.rpartition("/")[2]
    (before,) = [each for each in world.get(f"{ada}/rules") if each["key"] == "spo2_low"]
    assert before["limits"] == []
    new = {"rule": "spo2_low", "patient": patient, "to": ["P1 <= 85 %"], "reason": "COPD"}
    assert world.code(world.post("/limits", new)) == (403, "forbidden")
    made = world.post("/limits", new, Role.CLINICIAN)
    assert made.status_code == 201, made.text
    (after,) = [each for each in world.get(f"{ada}/rules") if each["key"] == "spo2_low"]
    assert after["parameters"]["bands"]["P1"] == {"%": "<= 85"}
    assert after["limits"][0]["author"] == "Clinician 0"
    assert world.get("/limits", patient=patient)[0]["reason"] == "COPD"
    ended = world.post(f"/limits/{made.json()['id']}/end", role=Role.CLINICIAN)
    assert ended.status_code == 200, ended.text
    again = world.post(f"/limits/{made.json()['id']}/end", role=Role.CLINICIAN)
    assert world.code(again)[0] == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"rule": "none"}, 404),
        ({"rule": "glucose_low", "to": ["P1 < 50 mg/dL"]}, 400),
        ({"to": ["P1 is low"]}, 400),
        ({"to": []}, 400),
        ({"off": True}, 400),
        ({"programme": "none"}, 404),
        ({"until": "2020-01-01T00:00:00Z"}, 400),
        ({"reason": ""}, 422),
    ],
)
def test_limits_that_cannot_be(world: World, change: dict[str, Any], status: int) -> None:
    new = {"rule": "spo2_low", "to": ["P1 <= 85 %"], "reason": "COPD"} | change
    assert world.code(world.post("/limits", new, Role.CLINICIAN))[0] == status


def test_a_programme_needs_packs_that_are_signed_off(world: World, ada: str) -> None:
    packs = {each["pack"]: each for each in world.get("/packs", Role.ADMINISTRATOR)}
    assert packs["heart_failure"]["approval"] is None
    new = {"key": "hf", "title": "Heart failure", "packs": ["heart_failure"]}
    refused = world.post("/programmes", new, Role.CLINICIAN)
    assert world.code(refused) == (409, "pack_not_approved")
    everybody = {"key": "all", "title": "Everybody", "packs": ["default"]}
    assert world.post("/programmes", everybody, Role.CLINICIAN).status_code in (201, 409)
    assert world.code(world.post("/programmes/none/members", joining(ada)))[0] == 404


def joining(ada: str) -> dict[str, str]:
    return {"patient": ada.rpartition("/")[2], "reason": "referred"}


def test_people_are_invited_and_their_roles_changed(world: World) -> None:
    names = [each["name"] for each in world.get("/people")["items"]]
    assert names == sorted(names)
    new = {"name": "Grace", "email": f"{uuid4().hex}@example.org", "roles": ["coordinator"]}
    assert world.code(world.post("/people", new)) == (403, "forbidden")
    made = world.post("/people", new, Role.ADMINISTRATOR)
    assert made.status_code == 201, made.text
    assert "/welcome/" in made.json()["link"]
    path = f"/people/{made.json()['id']}"
    seen = world.get(path)["etag"]
    roles = {"roles": ["clinician", "auditor"]}
    done = put(world, f"{path}/roles", roles, seen, Role.ADMINISTRATOR)
    assert done.status_code == 200, done.text
    assert world.get(path)["roles"] == ["auditor", "clinician"]
    late = put(world, f"{path}/roles", roles, seen, Role.ADMINISTRATOR)
    assert world.code(late) == (412, "changed")


def test_a_program_asks_by_its_key(world: World) -> None:
    new = {"name": "Warehouse", "kind": "key", "rights": ["patients:read"]}
    made = world.post("/programs", new, Role.ADMINISTRATOR)
    assert made.status_code == 201, made.text
    bearer = {"authorization": f"Bearer {made.json()['secret']}"}
    program = world.console.nobody()
    assert program.get("/api/v1/patients", headers=bearer).status_code == 200
    assert world.code(program.get("/api/v1/alerts", headers=bearer))[0] == 403
    ended = world.post(f"/programs/{made.json()['id']}/end", role=Role.ADMINISTRATOR)
    assert ended.status_code == 200
    assert world.code(program.get("/api/v1/patients", headers=bearer))[0] == 401
    people_only = new | {"rights": ["people:write"]}
    assert world.code(world.post("/programs", people_only, Role.ADMINISTRATOR))[0] == 400


def test_a_session_is_in_one_organisation(world: World) -> None:
    (place,) = world.get("/organisations")
    assert (place["id"], place["current"]) == (str(world.console.organisations[0]), True)
    other = {"organisation": str(world.console.organisations[1])}
    assert world.code(world.post("/organisations/current", other))[0] == 404
    assert world.post("/organisations/current", {"organisation": place["id"]}).status_code == 200
