"""Hubs, devices and enrolment, what is expected of patients, and custody."""

from typing import Any
from uuid import uuid4

from gateway.access.rights import Role
from gateway.identity.files import make_site_keys
from tests.integration.alerting.homes import NOW
from tests.integration.api_v1.conftest import World

TECHNICIAN, AUDITOR = Role.TECHNICIAN, Role.AUDITOR


def test_hubs_and_devices_as_a_technician_sees_them(world: World) -> None:
    (hub,) = [
        each
        for each in world.get("/hubs", TECHNICIAN)["items"]
        if each["id"] == str(world.sites[0].hub)
    ]
    assert (hub["state"], hub["devices"], hub["heard_at"]) == ("active", 1, None)
    shown = world.get(f"/hubs/{hub['id']}", TECHNICIAN)
    assert [device["profile"] for device in shown["paired"]] == ["generic_cuff"]
    assert shown["steps"][0]["key"] == "invited"
    (device,) = world.get("/devices", TECHNICIAN)["items"]
    assert device["users"][0]["patient"] == "Test patient"
    assert world.get(f"/devices/{device['id']}", TECHNICIAN) == device
    assert {each["key"] for each in world.get("/devices/profiles")} >= {"generic_cuff"}
    for path in (f"/hubs/{hub['id']}", f"/devices/{device['id']}", f"/hubs/{hub['id']}/custody"):
        assert world.code(world.ask("GET", path, Role.CLINICIAN, 1))[0] == 404


def test_from_a_home_to_an_invitation_and_a_pairing(world: World, key: str) -> None:
    settings = world.console.app.state.settings
    make_site_keys(settings.keys, settings.hosts, NOW)
    patient = {"patient": str(world.patient)}
    first = world.post("/hubs", patient, TECHNICIAN, idempotency_key=key)
    again = world.post("/hubs", patient, TECHNICIAN, idempotency_key=key)
    assert first.status_code == 201, first.text
    assert first.json() == again.json()
    path = f"/hubs/{first.json()['id']}"
    told = world.post(f"{path}/invitation", role=TECHNICIAN)
    assert told.status_code == 201, told.text
    assert told.json()["invitation"]
    early = world.post(f"{path}/confirm", {"digits": "041337"}, TECHNICIAN)
    assert world.code(early) == (409, "conflict")
    scale = patient | {"address": "C0:FF:EE:00:AB:02", "profile": "generic_scale"}
    device = world.post(f"{path}/devices", scale, TECHNICIAN)
    assert device.status_code == 201, device.text
    nothing = world.post(f"{path}/devices", patient, TECHNICIAN)
    assert world.code(nothing) == (400, "wrong_input")
    ended = world.post(f"{path}/devices/{device.json()['id']}/end", role=TECHNICIAN)
    assert ended.status_code == 200, ended.text
    given_back = world.post(f"/devices/{device.json()['id']}/end", {}, TECHNICIAN)
    assert world.code(given_back)[0] == 404
    assert world.code(world.post(f"{path}/receipt", role=TECHNICIAN))[0] == 409
    assert world.code(world.ask("GET", f"{path}/receipt", TECHNICIAN))[0] == 404
    assert world.code(world.post(f"{path}/replace", role=TECHNICIAN))[0] == 409
    assert world.code(world.post("/hubs", patient))[0] == 403
    assert world.post("/hubs", patient, TECHNICIAN).json() == first.json()
    out = world.post(f"{path}/revoke", {"reason": "lost"}, TECHNICIAN)
    assert out.status_code == 200, out.text
    assert world.get(path, TECHNICIAN)["state"] == "revoked"


def test_custody_is_counted_for_auditors(world: World) -> None:
    account = world.get(f"/hubs/{world.sites[0].hub}/custody", AUDITOR)
    assert (account["stored"], account["missing"]) == (5, [])
    assert world.get("/custody", AUDITOR)["stored"] == 5


def test_held_readings_are_nobodys_yet(world: World) -> None:
    assert world.get("/held") == {"items": [], "next": None}
    for move, body in (
        ("confirm", None),
        ("refuse", None),
        ("give", {"patient": str(world.patient)}),
    ):
        assert world.code(world.post(f"/held/{uuid4()}/{move}", body))[0] == 404
    assert world.code(world.ask("GET", "/held", TECHNICIAN))[0] == 403


def test_what_is_expected_of_a_patient(world: World) -> None:
    path = f"/patients/{world.patient}/schedules"
    new: dict[str, Any] = {"days": [1, 3, 5], "reason": "as agreed"}
    put = world.ask("PUT", f"{path}/weight", Role.COORDINATOR, json=new)
    assert put.status_code == 200, put.text
    (weight,) = world.get(path)
    assert (weight["measure"], weight["days"]) == ("weight", [1, 3, 5])
    assert world.get("/silences") == []
    assert world.ask("DELETE", f"{path}/weight", Role.COORDINATOR).status_code == 200
    assert world.code(world.ask("DELETE", f"{path}/weight", Role.COORDINATOR))[0] == 404
    wrong = world.ask("PUT", f"{path}/weight", Role.COORDINATOR, json=new | {"days": [9]})
    assert world.code(wrong)[0] == 422
