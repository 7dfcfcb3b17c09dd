"""How a box becomes a hub: registered for a home, invited, confirmed; replaced, shut out.

An invitation is a secret that is kept nowhere: it takes no Idempotency-Key, and each ends the one
before.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from gateway.access.restricted import must_see
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.idempotency import OnceOnly
from gateway.api.made import Done, Made
from gateway.api.problems import to_problem
from gateway.api.v1.hubs import find_hub
from gateway.care import installing
from gateway.enrolment.confirm import try_digits
from gateway.enrolment.invite import LIFE, Door
from gateway.errors import Conflict, WrongDigits
from gateway.identity.stored import read_stored
from gateway.settings import Settings
from gateway.storage.installs import begun_for

router = APIRouter(prefix="/api/v1/hubs", tags=["enrolment"], responses=problems(404, 409))

Writes = Annotated[Call, needs(Right.DEVICES_WRITE)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewHub(_Strict):
    """In whose home it will stand."""

    patient: UUID


class Invited(BaseModel):
    """What the box is told, as a text or a QR code; it serves once, until `expires_at`."""

    invitation: str
    expires_at: datetime


class Digits(_Strict):
    """What the box shows."""

    digits: Annotated[str, Field(pattern=r"^[0-9]{6}$", examples=["041337"])]


class Why(_Strict):
    """Why a hub is shut out."""

    reason: Literal["stolen", "lost", "retired"]


@router.post("", status_code=201, summary="Register a hub for a home")
def add(new: NewHub, call: Writes, once: OnceOnly) -> Made:
    """Register a hub that has no box yet; where one waits for its box already, that."""

    def made() -> Made:
        must_see(call, new.patient)
        hub = begun_for(call.connection, new.patient)
        if hub is None:
            hub = installing.new_hub(call.connection, call.who.organisation, new.patient)
            call.audit("hub.register", patient=new.patient, subject=("hub", str(hub)))
        return Made(id=hub)

    return once(call, new, Made, made)


@router.post("/{hub}/invitation", status_code=201, summary="Invite a box")
def invite(request: Request, hub: UUID, call: Writes) -> Invited:
    """Make an invitation; those before it serve no more."""
    find_hub(call, hub)
    door = _door(request.app.state.settings)
    told = installing.new_invitation(call.connection, door, hub, call.who.name, call.now)
    call.audit("hub.invite", subject=("hub", str(hub)))
    return Invited(invitation=told.text(), expires_at=call.now + LIFE)


@router.post(
    "/{hub}/confirm",
    summary="Confirm the six digits",
    response_model=Done,
    responses=problems(400),
)
def confirm(hub: UUID, new: Digits, call: Writes) -> Done | JSONResponse:
    """Compare what the box shows: three tries, then it has to be invited again."""
    find_hub(call, hub)
    done = try_digits(call.connection, hub, new.digits, call.who.name, call.now)
    if isinstance(done, WrongDigits):
        call.audit("hub.wrong_digits", subject=("hub", str(hub)))
        return to_problem(done)  # answered, not raised: the try is counted
    installing.tell_of_hubs(call.connection)
    call.audit("hub.confirm", subject=("hub", str(hub)))
    return Done()


@router.post("/{hub}/replace", status_code=201, summary="Put another box in a hub's place")
def replace(hub: UUID, call: Writes, once: OnceOnly) -> Made:
    """Register a hub in its place: devices move, the old one is refused from now on."""

    def made() -> Made:
        find_hub(call, hub)
        new = installing.replace_by_another(call.connection, hub, call.who.name, call.now)
        call.audit("hub.replace", subject=("hub", str(hub)), new=new)
        return Made(id=new)

    return once(call, None, Made, made)


@router.post("/{hub}/revoke", summary="Shut a hub out")
def revoke(hub: UUID, why: Why, call: Writes, once: OnceOnly) -> Done:
    """Refuse a hub for ever, as one that was stolen; the broker drops it within minutes."""

    def done() -> Done:
        find_hub(call, hub)
        installing.shut_out(call.connection, hub, why.reason, call.who.name)
        call.audit("hub.revoke", subject=("hub", str(hub)), reason=why.reason)
        return Done()

    return once(call, why, Done, done)


def _door(settings: Settings) -> Door:
    if settings.api_url is None:
        raise Conflict("The gateway has no API for hubs (HEARTHLINE_API_PORT is 0).")
    return Door(settings.api_url, read_stored(settings.keys / "ca.crt"))
