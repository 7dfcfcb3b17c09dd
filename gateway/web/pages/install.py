"""Installation, on the technician's telephone: from an empty box to the receipt."""

from datetime import timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import segno
from fastapi import APIRouter, Form
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from alerting.words import template
from device_profiles.registry import PROFILES
from device_profiles.wire.enrolment import Invitation, read_invitation
from gateway.access.restricted import must_see
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.care import installing
from gateway.care.contact_ways import write_phone
from gateway.cli import given
from gateway.enrolment.confirm import try_digits
from gateway.enrolment.invite import LIFE, Door
from gateway.enrolment.receipt import kept_receipt, make_receipt
from gateway.errors import Conflict, GatewayError, NotFound, WrongDigits, WrongInput
from gateway.identity.stored import read_stored
from gateway.settings import Settings
from gateway.storage import installs
from gateway.storage.installs import Install
from gateway.web.answers import go, is_part
from gateway.web.navigation import Entry
from gateway.web.templates import page

NAVIGATION = Entry(40, template("Install"), "/install", frozenset({Right.DEVICES_WRITE}), key="i")
LATELY: Final = timedelta(days=30)
DIGITS: Final = 6
ONE_OF_TWO: Final = template(
    "Give the text that the hub shows, or address and model of the device."
)
NO_SLOT: Final = template("A user slot is a number, as 1 or 2.")
USED: Final = template("A box has used the invitation already: type its six digits.")
SIX: Final = template("The box shows six digits, as 041337.")

router = APIRouter(include_in_schema=False)
Technician = Annotated[Call, needs(Right.DEVICES_WRITE)]


class NoDoor(Conflict):
    """The gateway has no API for hubs (HEARTHLINE_API_PORT is 0), so none can enrol."""


@router.get("/install")
def homes(call: Technician, request: Request) -> HTMLResponse:
    """Show homes that wait for a hub, and installations that go on."""
    waiting = installs.waiting_homes(call.connection, call.who.id, call.now)
    call.audit("install.list", patients=[each.id for each in waiting])
    return page(
        request,
        "installs.html",
        call.who,
        waiting=waiting,
        going_on=installs.going_on(call.connection, call.now - LATELY, call.who.id, call.now),
        write_phone=write_phone,
    )


@router.post("/install")
def begin(call: Technician, request: Request, patient: Annotated[UUID, Form()]) -> Response:
    """Register a hub for a patient's home."""
    must_see(call, patient)
    hub = installs.begun_for(call.connection, patient)
    if hub is None:
        hub = installing.new_hub(call.connection, call.who.organisation, patient)
        call.audit("hub.register", patient=patient, subject=("hub", str(hub)))
    return go(request, f"/install/{hub}")


@router.get("/install/{hub}")
def show(hub: UUID, call: Technician, request: Request) -> HTMLResponse:
    """Show how far an installation has come, and what comes next."""
    found = _find(call, hub)
    call.audit("install.view", patient=found.patient_id, subject=("hub", str(hub)))
    return _page(call, request, found)


@router.get("/install/{hub}/checklist")
def checklist(hub: UUID, call: Technician, request: Request, seen: str = "") -> HTMLResponse:
    """Show the checklist anew; the page asks every few seconds, and says what it shows."""
    found = _find(call, hub)
    news = installing.stage(found) != seen
    return _page(call, request, found, part="install_checklist.html", news=news)


@router.post("/install/{hub}/code")
def code(
    hub: UUID, call: Technician, request: Request, again: Annotated[bool, Form()] = False
) -> HTMLResponse:
    """Make an invitation and show it, this once: it is a secret, and in no address."""
    found = _find(call, hub)
    if found.state == "enrolled" and not again:
        raise Conflict(USED)
    door = _door(request.app.state.settings)
    told = installing.new_invitation(call.connection, door, hub, call.who.name, call.now)
    call.audit("hub.invite", subject=("hub", str(hub)))
    shown: dict[str, Any] = {
        "invitation": told.text(),
        "drawing": _drawing(told),
        "ends_at": call.now + LIFE,
    }
    if is_part(request):
        return _page(call, request, found, part="install_code.html", **shown)
    return _page(call, request, _find(call, hub), **shown)


@router.post("/install/{hub}/card")
def card(
    hub: UUID, call: Technician, invitation: Annotated[str, Form(max_length=1000)]
) -> Response:
    """Give the invitation that is on the page as a file for the box's card."""
    try:
        told = read_invitation(invitation)
    except ValueError as error:
        raise WrongInput(str(error)) from None
    if told.hub != hub:
        raise WrongInput("It is of another hub.")
    call.audit("hub.card", subject=("hub", str(hub)))
    named = {"content-disposition": 'attachment; filename="enroll.toml"'}
    text = f'invitation = "{told.text()}"\n'
    return Response(text, media_type="application/toml", headers=named)


@router.post("/install/{hub}/digits")
def digits(
    hub: UUID, call: Technician, request: Request, typed: Annotated[str, Form(max_length=20)]
) -> Response:
    """Compare what the box shows; three tries. What was wrong is counted, so it is committed."""
    bare = "".join(typed.split())
    if len(bare) != DIGITS or not (bare.isascii() and bare.isdigit()):
        return _page(call, request, _find(call, hub), wrong=[SIX])
    done = try_digits(call.connection, hub, bare, call.who.name, call.now)
    if isinstance(done, WrongDigits):
        call.audit("hub.wrong_digits", subject=("hub", str(hub)))
        return _page(call, request, _find(call, hub), wrong=done.parts)
    installing.tell_of_hubs(call.connection)
    call.audit("hub.confirm", subject=("hub", str(hub)))
    return go(request, f"/install/{hub}")


@router.post("/install/{hub}/pair")
def pair(
    hub: UUID,
    call: Technician,
    request: Request,
    patient: Annotated[UUID, Form()],
    proof: Annotated[str, Form(max_length=2000)] = "",
    address: Annotated[str, Form(max_length=40)] = "",
    profile: Annotated[str, Form(max_length=64)] = "",
    slot: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Give a device to the hub and to a patient."""
    found = _find(call, hub)
    must_see(call, patient)
    typed = {"proof": proof, "address": address, "profile": profile, "slot": slot}
    try:
        named = _named(**typed)
        with call.connection.transaction():
            device = installing.pair(call.connection, hub, named, patient, call.now)
    except GatewayError as error:
        return _page(call, request, found, pair_wrong=error.parts, typed=typed)
    call.audit("device.pair", patient=patient, subject=("device", str(device)), hub=hub)
    return go(request, f"/install/{hub}")


@router.post("/install/{hub}/devices/{device}/end")
def take_away(hub: UUID, device: UUID, call: Technician, request: Request) -> Response:
    """Take a device away: from now on it is nobody's here."""
    found = _find(call, hub)
    installing.take_away(call.connection, hub, device, call.who.name, call.now)
    call.audit("device.end", patient=found.patient_id, subject=("device", str(device)), hub=hub)
    return go(request, f"/install/{hub}#pair")


@router.post("/install/{hub}/receipt")
def receipt(hub: UUID, call: Technician, request: Request) -> Response:
    """Follow the newest reading, open and end a test task, keep all of it."""
    found = _find(call, hub)
    try:
        with call.connection.transaction():
            made = make_receipt(call.connection, hub, call.who.name, call.now)
    except GatewayError as error:
        return _page(call, request, found, receipt_wrong=error.parts)
    call.audit("install.receipt", subject=("hub", str(hub)), receipt=made.id)
    return go(request, f"/install/{hub}/receipt")


@router.get("/install/{hub}/receipt")
def show_receipt(hub: UUID, call: Technician, request: Request) -> HTMLResponse:
    """Show the receipt that is kept. It holds no value."""
    found, kept = _find(call, hub), kept_receipt(call.connection, hub)
    if kept is None:
        raise NotFound("No receipt of this hub is kept.")
    call.audit("install.receipt_view", subject=("hub", str(hub)))
    return page(request, "install_receipt.html", call.who, hub=found, receipt=kept)


@router.post("/install/{hub}/replace")
def replace(hub: UUID, call: Technician, request: Request) -> Response:
    """Let another box take a broken hub's place."""
    _find(call, hub)
    new = installing.replace_by_another(call.connection, hub, call.who.name, call.now)
    call.audit("hub.replace", subject=("hub", str(hub)), new=new)
    return go(request, f"/install/{new}")


@router.post("/install/{hub}/revoke")
def revoke(
    hub: UUID,
    call: Technician,
    request: Request,
    reason: Annotated[Literal["stolen", "lost", "retired"], Form()],
) -> Response:
    """Shut a hub out for ever, with no other in its place."""
    _find(call, hub)
    installing.shut_out(call.connection, hub, reason, call.who.name)
    call.audit("hub.revoke", subject=("hub", str(hub)), reason=reason)
    return go(request, f"/install/{hub}")


def _find(call: Call, hub: UUID) -> Install:
    """Return the hub. Raises NotFound, and Restricted where its home is closed to who asks."""
    found = installs.find_install(call.connection, hub)
    if found.patient_id is not None:
        must_see(call, found.patient_id)
    return found


def _page(
    call: Call, request: Request, hub: Install, *, part: str = "install.html", **more: Any
) -> HTMLResponse:
    devices = installs.devices_of_hub(call.connection, hub.id, call.who.id, call.now)
    shown: dict[str, Any] = {
        "hub": hub,
        "devices": devices,
        "stage": installing.stage(hub),
        "news": False,
        "steps": installing.checklist(hub, devices, call.now),
        "people": installs.at_home(call.connection, hub.id, call.who.id, call.now),
        "profiles": PROFILES,
        "write_phone": write_phone,
        "wrong": (),
        "pair_wrong": (),
        "receipt_wrong": (),
        "typed": {},
        "invitation": "",
        **more,
    }
    wrong = shown["wrong"] or shown["pair_wrong"] or shown["receipt_wrong"]
    return page(request, part, call.who, status=422 if wrong else 200, **shown)


def _door(settings: Settings) -> Door:
    """The console needs the CA's certificate only, which is public."""
    if settings.api_url is None:
        raise NoDoor
    return Door(settings.api_url, read_stored(settings.keys / "ca.crt"))


def _drawing(told: Invitation) -> Markup:
    """Draw the code into the page itself: it has no address, and none keeps it."""
    code = segno.make(told.text(), error="m", micro=False)
    return Markup(code.svg_inline(scale=4, border=4, light="#fff", dark="#000", omitsize=True))  # noqa: S704 - of shapes only


def _named(proof: str, address: str, profile: str, slot: str) -> installing.Named:
    if bool(proof.strip()) == bool(address.strip()):
        raise WrongInput(ONE_OF_TWO)
    if slot.strip() and not (slot.strip().isascii() and slot.strip().isdigit()):
        raise WrongInput(NO_SLOT)
    number = int(slot) if slot.strip() else None
    if proof.strip():
        return installing.Named(proof=proof, slot=number)
    return installing.Named(address=given.address(address), profile=profile, slot=number)
