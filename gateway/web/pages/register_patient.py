"""Registration: a new patient with consent and contacts, and what is changed of one later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from alerting.languages import languages, translator
from alerting.words import Said, template
from gateway.access.restricted import must_see
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.care import register
from gateway.care.consent import give, withdraw
from gateway.care.consent_text import PARAGRAPHS, VERSION
from gateway.care.contact_ways import language_names
from gateway.care.registration import NotRegistered, Registration, read_registration
from gateway.cli import given
from gateway.errors import Changed
from gateway.storage import care_teams, consents
from gateway.storage.consents import By, How, NewConsent
from gateway.storage.registrations import Asked, Registered, find_registered, twins
from gateway.web.answers import go
from gateway.web.navigation import Entry
from gateway.web.templates import page

NAVIGATION = Entry(
    30, template("Register"), "/register", frozenset({Right.PATIENTS_WRITE}), key="r"
)
FIELDS: Final = tuple(Registration.model_fields)
CHANNELS: Final = {
    "telephone": template("Telephone"),
    "video": template("Video"),
    "message": template("Text message"),
}
RELATIONS: Final = {
    "partner": template("Partner"),
    "child": template("Child"),
    "parent": template("Parent"),
    "sibling": template("Sibling"),
    "relative": template("Relative"),
    "friend": template("Friend"),
    "neighbour": template("Neighbour"),
    "carer": template("Carer"),
    "other": template("Somebody else"),
}

router = APIRouter(include_in_schema=False)
Writer = Annotated[Call, needs(Right.PATIENTS_WRITE)]


async def _typed(request: Request) -> dict[str, str]:
    """Return what was typed; what is left empty was not said."""
    form = await request.form()
    told = {name: form.get(name) for name in FIELDS}
    typed = {name: text for name, text in told.items() if isinstance(text, str) and text.strip()}
    if "consent_how" not in typed:
        typed.pop("consent_on", None)  # today is there already
    return typed


Typed = Annotated[dict[str, str], Depends(_typed)]


@dataclass
class Shown:
    """The form as it is shown: what was typed, what is wrong, what stands there now."""

    values: Mapping[str, Any]
    problems: dict[str, Said] = field(default_factory=dict)
    now_there: Mapping[str, Any] = field(default_factory=dict)
    known: Registered | None = None
    changed: Registered | None = None


@router.get("/register")
def new(call: Writer, request: Request) -> HTMLResponse:
    """Show the empty form, with what the system knows already."""
    return _form(call, request, Shown(_known_already(call)))


@router.post("/register")
def add(call: Writer, request: Request, typed: Typed) -> Response:
    """Register a patient, or say beside each field what is wrong with it."""
    try:
        read = read_registration(typed, _today(call, typed))
        patient = register.register(
            call.connection, call.who.organisation, read, _by(call), call.now
        )
    except NotRegistered as error:
        return _form(call, request, Shown(typed, _beside(error)), status=422)
    call.audit("patient.register", patient=patient, consent=read.consent_on is not None)
    return go(request, f"/register/{patient}?new=1")


@router.get("/register/{patient}")
def show(patient: UUID, call: Writer, request: Request, new: bool = False) -> HTMLResponse:
    """Show what is registered of a patient, to be changed; and the consents."""
    must_see(call, patient)
    call.audit("patient.registration", patient=patient)
    known = find_registered(call.connection, patient)
    shown = Shown(register.typed_before(call.connection, known), known=known)
    return _form(call, request, shown, new=new)


@router.post("/register/{patient}")
def change(
    patient: UUID, call: Writer, request: Request, typed: Typed, version: Annotated[int, Form()]
) -> Response:
    """Write a change down. Who was second sees what the first has changed, and decides."""
    must_see(call, patient)
    known = find_registered(call.connection, patient)
    try:
        read = read_registration(typed, _today(call, typed))
        with call.connection.transaction():
            changed = register.change(call.connection, patient, version, read, _by(call), call.now)
    except NotRegistered as error:
        shown = Shown(typed, _beside(error), known=known)
        return _form(call, request, shown, status=422, version=version)
    except Changed:
        there = register.typed_before(call.connection, known)
        return _form(call, request, Shown(typed, {}, there, known, known), status=412)
    call.audit("patient.change", patient=patient, fields=changed)
    return go(request, f"/register/{patient}")


@router.post("/register/{patient}/consent")
def give_consent(
    patient: UUID,
    call: Writer,
    request: Request,
    how: Annotated[How, Form()],
    representative: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Write down that the patient agrees, now."""
    must_see(call, patient)
    known, spoke = find_registered(call.connection, patient), representative.strip()
    new = NewConsent(
        call.now,
        how,
        VERSION,
        known.details.language,
        given_by="representative" if spoke else "patient",
        representative=spoke or None,
    )
    consent = give(call.connection, patient, new, _by(call), call.now)
    call.audit("consent.give", patient=patient, subject=("consent", str(consent)), how=how)
    return go(request, f"/register/{patient}#consent")


@router.post("/register/{patient}/consent/{consent}/withdraw")
def withdraw_consent(
    patient: UUID, consent: UUID, call: Writer, request: Request, how: Annotated[How, Form()]
) -> Response:
    """Write down that the patient agrees no more, from now on."""
    must_see(call, patient)
    withdraw(call.connection, patient, consent, how, _by(call), call.now)
    call.audit("consent.withdraw", patient=patient, subject=("consent", str(consent)), how=how)
    return go(request, f"/register/{patient}#consent")


def _form(
    call: Call,
    request: Request,
    shown: Shown,
    *,
    status: int = 200,
    version: int | None = None,
    new: bool = False,
) -> HTMLResponse:
    known = shown.known
    agreed = consents.consents_of(call.connection, known.id) if known else ()
    return page(
        request,
        "register_patient.html",
        call.who,
        status=status,
        form=shown,
        version=version or (known.version if known else 0),
        new=new,
        agreed=agreed,
        in_force=consents.in_force(agreed),
        twin=_twin(call, shown),
        channels=CHANNELS,
        relations=RELATIONS,
        spoken=language_names(call.who.language.split("-")[0]),
        zones=sorted(given.zones()),
        teams=care_teams.teams(call.connection),
        consent_version=VERSION,
        consent_texts={code: list(map(translator(code), PARAGRAPHS)) for code in languages()},
    )


def _known_already(call: Call) -> dict[str, str]:
    """Most patients live where who registers them works, and speak as most others here do."""
    known = {"timezone": call.who.zone, "language": call.who.language.split("-")[0]}
    return known | {"consent_on": _today(call, known).isoformat()}


def _twin(call: Call, shown: Shown) -> UUID | None:
    """Return who may be the same person, to be looked at before another is registered."""
    if not {"another_person", "external_id"} & shown.problems.keys():
        return None
    typed = shown.values
    name = " ".join(f"{typed.get('given_name', '')} {typed.get('family_name', '')}".split())
    try:
        born = datetime.fromisoformat(typed.get("birth_date", "")).date()
    except ValueError:
        born = None
    asked = Asked(name, born, typed.get("external_id"))
    but = shown.known.id if shown.known else None
    found = twins(call.connection, call.who.organisation, [asked], but).get(0)
    return found.id if found and not found.restricted else None


def _beside(error: NotRegistered) -> dict[str, Said]:
    """Return the first problem of each field, in the order of the form."""
    found = {each.field: each.said for each in reversed(error.problems)}
    return {name: found[name] for name in FIELDS if name in found}


def _by(call: Call) -> By:
    return By(call.who.name, call.who.id)


def _today(call: Call, typed: Mapping[str, Any]) -> Any:
    zone = typed.get("timezone", call.who.zone)
    return call.now.astimezone(ZoneInfo(zone if zone in given.zones() else "UTC")).date()
