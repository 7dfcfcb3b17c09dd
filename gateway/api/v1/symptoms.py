"""What a patient tells of symptoms: it may move limits, so readings are judged again."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from device_profiles.reading import Frozen
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.idempotency import OnceOnly
from gateway.api.of_patient import PatientId, looked_at
from gateway.care.dispositions import Answered
from gateway.storage.symptoms import Answer, Symptom, add_answer, list_answers

router = APIRouter(
    prefix="/api/v1/patients/{patient}/symptoms",
    tags=["symptoms"],
    responses=problems(400, 404),
)


class NewAnswer(Frozen):
    """What somebody told, and when; without symptoms: that there are none."""

    symptoms: Annotated[tuple[Symptom, ...], Field(max_length=20)]
    answered_by: Answered
    at: AwareDatetime | None = None


class AnswerRow(Frozen):
    """An answer, and who wrote it down."""

    at: datetime
    number: int
    codes: tuple[str, ...]
    answered_by: Answered
    author: str


class Judged(Frozen):
    """How many readings are evaluated again because of it."""

    readings: int


@router.get("", summary="Symptoms")
def list_all(
    patient: PatientId, call: Annotated[Call, needs(Right.PATIENTS_READ)]
) -> list[AnswerRow]:
    """List the last hundred answers, the newest first."""
    looked_at(call, patient, "symptom.list")
    rows = list_answers(call.connection, call.who.organisation, patient)
    return [AnswerRow(**row) for row in rows]


@router.post("", status_code=201, summary="Write an answer down")
def add(
    patient: PatientId,
    new: NewAnswer,
    call: Annotated[Call, needs(Right.TASKS_WORK)],
    once: OnceOnly,
) -> Judged:
    """Write down what the patient tells."""

    def told() -> Judged:
        looked_at(call, patient, "symptom.add")
        answer = Answer(new.at or call.now, new.symptoms, new.answered_by)
        place = (call.who.organisation, patient)
        count = add_answer(call.connection, *place, answer, call.who.name, call.now)
        return Judged(readings=count)

    return once(call, new, Judged, told)
