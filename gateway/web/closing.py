"""The form that closes a task: what was typed, what is wrong with it, and the coded end."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from alerting.model import Queue, Severity
from alerting.words import template
from gateway.care.dispositions import (
    Answered,
    Disposition,
    Outcome,
    RedFlag,
    SymptomCheck,
    Urgency,
)
from gateway.care.follow_up import NewTask
from gateway.care.red_flags import Flags
from gateway.storage.minutes import Activity

FLAG: Final = "flag_"
YES_OR_NO: Final = ("yes", "no")
# A follow-up says why: with these letters at least, else as the task before it did.
SAYS_WHY: Final = 3
# After how many hours somebody asks again.
AGAIN: Final = {
    "": template("Nothing more to do"),
    "1": template("In 1 hour"),
    "4": template("In 4 hours"),
    "24": template("Tomorrow"),
    "72": template("In 3 days"),
    "168": template("In a week"),
}
ASK_AGAIN: Final = template("Ask again: {title}")
WRONG: Final = {
    "flags": template("Every symptom needs its answer: yes or no."),
    "answered_by": template("Who told of the symptoms?"),
    "urgency": template("How soon does the patient need whom?"),
    "outcome": template("What came of it?"),
    "actionable": template("Was there something to do?"),
    "attempts": template("How often was it tried?"),
    "spoken": template("With whom did you speak in these minutes?"),
}


class Spoken(StrEnum):
    """With whom somebody spoke in the minutes: a live contact is said, not guessed."""

    PATIENT = "patient"
    OTHERS = "others"
    NOBODY = "nobody"


SPOKEN: Final = {
    Spoken.PATIENT: template("The patient or a carer, by telephone or video"),
    Spoken.OTHERS: template("Somebody else, or in another way"),
    Spoken.NOBODY: template("Nobody"),
}


class Closing(BaseModel):
    """The fields as they were typed; empty ones are not there. `minutes` began when work began."""

    model_config = ConfigDict(extra="allow")

    seen: str = ""
    flags: dict[RedFlag, bool] = {}
    answered_by: Answered | None = None
    urgency: Urgency | None = None
    outcome: Outcome | None = None
    actionable: bool | None = None
    attempts: Annotated[int, Field(ge=1)] | None = None
    note: str = ""
    again: str = ""
    began: AwareDatetime | None = None
    activity: Activity = Activity.REVIEW
    spoken: Spoken | None = None
    minutes: bool = False
    free: bool = False
    """Only what of the minutes is not written down already."""

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, given: Any) -> Any:
        typed = {name: value for name, value in dict(given).items() if value != ""}
        answers = {flag: typed.get(f"{FLAG}{flag}") for flag in RedFlag}
        # Whatever is neither yes nor no answers nothing.
        typed["flags"] = {
            flag: said == "yes" for flag, said in answers.items() if said in YES_OR_NO
        }
        return typed

    def wrong(self, priority: Severity, asked_for: Flags) -> list[str]:
        """Return the names of the fields that lack something; a red task needs its checklist."""
        found = [n for n in ("urgency", "outcome", "actionable") if getattr(self, n) is None]
        asked = priority is Severity.P1 or bool(self.flags)
        if asked and self.answered_by is None:
            found.insert(0, "answered_by")
        if asked and not self.flags.keys() >= set(asked_for):
            found.insert(0, "flags")
        if self.outcome is Outcome.NO_ANSWER and not self.attempts:
            found.append("attempts")
        if self.minutes and self.began is not None and self.spoken is None:
            found.append("spoken")
        return found

    def disposition(self, now: datetime, asked_for: Flags) -> Disposition:
        """Return the coded end; `wrong` is empty."""
        check = None
        if self.flags and self.answered_by is not None:
            told = tuple(flag for flag, yes in self.flags.items() if yes)
            check = SymptomCheck(
                answered_by=self.answered_by, at=now, red_flags=told, asked=asked_for
            )
        return Disposition(
            urgency=self.urgency or Urgency.SELF_CARE,
            outcome=self.outcome or Outcome.NO_ACTION,
            actionable=bool(self.actionable),
            attempts=self.attempts if self.outcome is Outcome.NO_ANSWER else None,
            symptom_check=check,
            note=self.note[:2000],
        )

    def follow_up(self, title: str, before: str, queue: Queue, now: datetime) -> NewTask | None:
        """Return what must be asked again, by the note or as `before`; None where nothing must."""
        if self.again not in AGAIN or not self.again:
            return None
        due = now + timedelta(hours=int(self.again))
        priority = Severity.P3 if int(self.again) <= 24 else Severity.P4
        why = self.note if len(self.note.strip()) >= SAYS_WHY else before
        return NewTask(title=title[:200], why=why[:500], due_at=due, priority=priority, queue=queue)


def read(form: Any) -> tuple[Closing, list[str]]:
    """Return what was typed, and the fields whose value is none of those that there are."""
    try:
        return Closing.model_validate(form), []
    except ValidationError as error:
        strange = {str(one["loc"][0]) for one in error.errors()}
        kept = {name: value for name, value in dict(form).items() if name not in strange}
        return Closing.model_validate(kept), sorted(strange)


def whom(person: UUID, name: str, again: str) -> tuple[UUID, str] | None:
    """Return who is asked again: whoever closed it, within a day; after that everybody."""
    return (person, name) if again in {"1", "4", "24"} else None
