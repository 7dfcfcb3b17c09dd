"""How a task ends: urgency, outcome, and for P1 the symptom check. Our own lists."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from device_profiles.reading import Frozen


class Urgency(StrEnum):
    """How soon the patient needs whom."""

    EMERGENCY_NOW = "emergency_now"
    HOSPITAL_TODAY = "hospital_today"
    CLINICIAN_1H = "clinician_1h"
    CLINICIAN_4H = "clinician_4h"
    VISIT_24H = "visit_24h"
    VISIT_3D = "visit_3d"
    VISIT_2W = "visit_2w"
    SELF_CARE = "self_care"


class Outcome(StrEnum):
    """What came of it."""

    REPEAT_NORMAL = "repeat_normal"
    TECHNIQUE_TAUGHT = "technique_taught"
    DEVICE_FIXED = "device_fixed"
    MEDICATION_RECONCILED = "medication_reconciled"
    MEDICATION_CHANGE_REQUESTED = "medication_change_requested"
    VISIT_BOOKED = "visit_booked"
    NO_ANSWER = "no_answer_xN"
    WRONG_PERSON = "wrong_person"
    NO_ACTION = "no_action"


class RedFlag(StrEnum):
    """What makes it an emergency. Which of them are asked for is in `red_flags.py`."""

    CHEST_PAIN = "chest_pain"
    SHORT_OF_BREATH = "short_of_breath"
    BACK_PAIN = "back_pain"
    NUMBNESS = "numbness"
    WEAKNESS = "weakness"
    VISION_CHANGE = "vision_change"
    TROUBLE_SPEAKING = "trouble_speaking"
    CANNOT_BE_WOKEN = "cannot_be_woken"
    CONFUSED = "confused"
    DROWSY = "drowsy"
    CANNOT_SWALLOW = "cannot_swallow"
    SEIZURE = "seizure"
    FAINTED = "fainted"
    COLD_SWEAT = "cold_sweat"
    BLEEDING = "bleeding"
    VOMITING = "vomiting"
    BELLY_PAIN = "belly_pain"
    DEEP_BREATHING = "deep_breathing"
    BREATHLESS_AT_REST = "breathless_at_rest"
    CANNOT_FINISH_SENTENCE = "cannot_finish_sentence"
    COUGHING_BLOOD = "coughing_blood"
    BLUE_LIPS = "blue_lips"
    RASH = "rash"
    STIFF_NECK = "stiff_neck"
    NEEDS_HELP = "needs_help"


class Answered(StrEnum):
    """Who told of the symptoms."""

    PATIENT = "patient"
    CARER = "carer"
    CLINICIAN = "clinician"


class SymptomCheck(Frozen):
    """Somebody asked for red flags; an empty list is the answer that there are none."""

    answered_by: Answered
    at: AwareDatetime
    red_flags: tuple[RedFlag, ...] = ()
    asked: tuple[RedFlag, ...] = ()
    """Which were gone through one by one; empty where that is not known."""


class Disposition(Frozen):
    """The coded end of a task. `actionable` counts towards what a rule is worth."""

    urgency: Urgency
    outcome: Outcome
    actionable: bool
    attempts: Annotated[int, Field(ge=1)] | None = None
    symptom_check: SymptomCheck | None = None
    note: Annotated[str, Field(max_length=2000)] = ""

    @model_validator(mode="after")
    def _attempts_counted(self) -> Self:
        if (self.outcome is Outcome.NO_ANSWER) != (self.attempts is not None):
            raise ValueError(f"attempts are counted for {Outcome.NO_ANSWER}, and only there")
        return self
