"""Registration: a patient comes, is changed, agrees to be monitored or no more."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from gateway.access.restricted import must_see
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.etag import IfMatch, etag, must_match
from gateway.api.idempotency import OnceOnly
from gateway.api.made import Done, Made
from gateway.api.of_patient import PatientId, looked_at
from gateway.care import consent as consent_given
from gateway.care import register
from gateway.care.consent_text import VERSION
from gateway.care.registration import NotRegistered, Registration
from gateway.storage import consents
from gateway.storage.consents import By, Consent, How, NewConsent
from gateway.storage.registrations import Contact, Registered, find_registered

router = APIRouter(prefix="/api/v1/patients", tags=["registration"], responses=problems(404))

Reads = Annotated[Call, needs(Right.PATIENTS_READ)]
Writes = Annotated[Call, needs(Right.PATIENTS_WRITE)]


class RegisteredPatient(BaseModel):
    """Who a patient is. Telephone numbers as E.164; `restricted`: for the care team only."""

    model_config = ConfigDict(from_attributes=True)

    given_name: str | None
    family_name: str | None
    birth_date: date | None
    external_id: str | None
    language: str
    timezone: str
    phones: tuple[str, ...]
    channel: str
    address: str
    care_team_id: UUID | None
    restricted: bool
    contacts: tuple[Contact, ...]


class Agreeing(BaseModel):
    """A consent that is given now; `representative` is who agreed in the patient's place."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"how": "verbal"}]})

    how: How
    representative: Annotated[str | None, Field(min_length=1, max_length=200)] = None


class Withdrawing(BaseModel):
    """How the patient said that they agree no more."""

    model_config = ConfigDict(extra="forbid")

    how: How


@router.post("", status_code=201, summary="Register a patient", responses=problems(409))
def add(new: Registration, call: Writes, once: OnceOnly) -> Made:
    """Register a patient, with consent if it is given. Somebody of the same name and birth date
    is refused unless `another_person` says that it is not the same."""

    def made() -> Made:
        with _as_fields():
            id_ = register.register(
                call.connection, call.who.organisation, new, _by(call), call.now
            )
        call.audit("patient.register", patient=id_, consent=new.consent_on is not None)
        return Made(id=id_)

    return once(call, new, Made, made)


@router.get("/{patient}/registration", summary="What is registered of a patient")
def show(patient: PatientId, call: Reads, response: Response) -> RegisteredPatient:
    """Show it; the ETag is what a change must name."""
    looked_at(call, patient, "patient.registration")
    return _shown(find_registered(call.connection, patient), response)


@router.put(
    "/{patient}/registration",
    summary="Change what is registered",
    responses=problems(409, 412, 428),
)
def change(
    patient: PatientId,
    new: Registration,
    call: Writes,
    response: Response,
    if_match: IfMatch = None,
) -> RegisteredPatient:
    """Change it as a whole. The audit keeps which fields, and not what was in them."""
    must_see(call, patient)
    known = find_registered(call.connection, patient)
    must_match(if_match, etag(known.id, known.version))
    with _as_fields():
        fields = register.change(call.connection, patient, known.version, new, _by(call), call.now)
    call.audit("patient.change", patient=patient, fields=fields)
    return _shown(find_registered(call.connection, patient), response)


@router.get("/{patient}/consents", summary="Consents")
def list_consents(patient: PatientId, call: Reads) -> list[Consent]:
    """List what the patient agreed to, and what was withdrawn, the newest first."""
    looked_at(call, patient, "consent.list")
    return list(consents.consents_of(call.connection, patient))


@router.post(
    "/{patient}/consents", status_code=201, summary="Write a consent down", responses=problems(409)
)
def agree(patient: PatientId, new: Agreeing, call: Writes, once: OnceOnly) -> Made:
    """Write down that the patient agrees now, to the newest text."""

    def made() -> Made:
        must_see(call, patient)
        language = find_registered(call.connection, patient).details.language
        said = NewConsent(
            call.now,
            new.how,
            VERSION,
            language,
            given_by="representative" if new.representative else "patient",
            representative=new.representative,
        )
        id_ = consent_given.give(call.connection, patient, said, _by(call), call.now)
        call.audit("consent.give", patient=patient, subject=("consent", str(id_)), how=new.how)
        return Made(id=id_)

    return once(call, new, Made, made)


@router.post("/{patient}/consents/{consent}/withdraw", summary="Withdraw a consent")
def withdraw(
    patient: PatientId, consent: UUID, new: Withdrawing, call: Writes, once: OnceOnly
) -> Done:
    """Write down that the patient agrees no more, from now on."""

    def done() -> Done:
        must_see(call, patient)
        now: datetime = call.now
        consent_given.withdraw(call.connection, patient, consent, new.how, _by(call), now)
        subject = ("consent", str(consent))
        call.audit("consent.withdraw", patient=patient, subject=subject, how=new.how)
        return Done()

    return once(call, new, Done, done)


def _shown(known: Registered, response: Response) -> RegisteredPatient:
    response.headers["ETag"] = etag(known.id, known.version)
    return RegisteredPatient.model_validate(known.details)


def _by(call: Call) -> By:
    return By(call.who.name, call.who.id)


@contextmanager
def _as_fields() -> Iterator[None]:
    """Name the fields that do not fit; the words may name somebody, and stay here."""
    try:
        yield
    except NotRegistered as error:
        raise RequestValidationError(
            [{"loc": ("body", each.field), "type": "said", "msg": ""} for each in error.problems]
        ) from None
