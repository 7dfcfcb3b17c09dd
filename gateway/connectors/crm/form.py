"""What a CRM's record has of a task beside its own fields: custom fields that flow both ways.

A far side has fewer states than we: what we said last stands in field `state`, so that `accepted`
does not come back as `in-progress`. Nobody edits that one; people edit the far side's own status.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_args
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
)

from device_profiles.reading import Frozen
from gateway.care.moves import Status
from gateway.connectors.ports import Changed, Known, Later, Outcome, Put, Remote, Work

Name = Literal[
    "task",
    "state",
    "owner",
    "patient",
    "urgency",
    "outcome",
    "actionable",
    "attempts",
    "note",
    "asked_by",
    "asked_at",
    "red_flags",
]
REMOTE: Final = TypeAdapter(Remote)
TASK: Final = TypeAdapter(UUID | None)
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=80)]
HEARD: Final[tuple[Name, ...]] = (
    "task",
    "state",
    "owner",
    "urgency",
    "outcome",
    "actionable",
    "attempts",
    "note",
    "asked_by",
    "asked_at",
    "red_flags",
)
# Of several states with one word, the first is what the word means when a person chose it.
MEANT_FIRST: Final = (
    Status.REQUESTED,
    Status.IN_PROGRESS,
    Status.ON_HOLD,
    Status.COMPLETED,
    Status.CANCELLED,
    Status.ACCEPTED,
    Status.ENTERED_IN_ERROR,
)


class Columns(Frozen, extra="forbid"):
    """Names of the custom fields: prefix, name and suffix, or another name; "" for none."""

    prefix: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
    suffix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]*$")] = ""
    other: Mapping[Name, FieldName | Literal[""]] = {}

    @field_validator("other")
    @classmethod
    def _key_stays(cls, other: Mapping[Name, str]) -> Mapping[Name, str]:
        if other.get("task") == "":
            raise ValueError("task is the key; it may have another name, but not none")
        return other

    def named(self, name: Name) -> str:
        """Return the far side's name of a field."""
        return self.other.get(name, f"{self.prefix}{name}{self.suffix}")

    def all(self) -> list[str]:
        """Return the names of all fields that there are."""
        return [self.named(name) for name in get_args(Name) if self.named(name)]

    def read(self) -> list[str]:
        """Return the names of the fields that are read back."""
        return [self.named(name) for name in HEARD if self.named(name)]


@dataclass(frozen=True, slots=True)
class Words:
    """The far side's words for our states, and back."""

    there: Mapping[Status, str]
    also: Mapping[str, Status]
    """Words that are only read."""

    def back(self, word: str | None, state: str | None) -> Status | None:
        """Return what a word means; what we said ourselves where it still is the word for it."""
        for status, said in self.there.items():
            if status == state and said == word:
                return status
        meant = (status for status in MEANT_FIRST if self.there[status] == word)
        return next(meant, self.also.get(word or ""))


@dataclass(frozen=True, slots=True)
class Form:
    """The custom fields and the states of one far side."""

    columns: Columns
    words: Words

    def told(self, work: Work) -> dict[str, Any]:
        """Return the custom fields as they are written, except the key.

        What came of it is written when it is known, never cleared: somebody may be filling it in.
        """
        values: dict[Name, Any] = {"state": str(work.status), "owner": work.owner}
        if work.patient.external_id is not None:
            values["patient"] = work.patient.external_id
        if work.end is not None:
            end = work.end
            values |= {"urgency": end.urgency, "outcome": end.outcome}
            values |= {"actionable": end.actionable, "attempts": end.attempts, "note": end.note}
        fields = {self.columns.named(name): value for name, value in values.items()}
        always = self.columns.named("owner")
        return {key: v for key, v in fields.items() if key and (v is not None or key == always)}

    def key(self, fields: Mapping[str, Any]) -> UUID | None:
        """Return which task of ours a record is; None if it is none."""
        return TASK.validate_python(fields.get(self.columns.named("task")))

    def remote(
        self, fields: Mapping[str, Any], word: str | None, remote_id: str, at: datetime
    ) -> Remote | None:
        """Return the task that a record is, None for one that is not ours.

        Its version is made of what flows back: who changes anything else there changes no version.
        """
        heard = _Heard.model_validate(
            {name: fields.get(self.columns.named(name)) for name in HEARD}
        )
        if heard.task is None:
            return None
        check = heard.model_dump(mode="json", include={"answered_by", "at", "red_flags"})
        remote = Remote(
            task=heard.task,
            remote_id=remote_id,
            version=None,
            changed_at=at,
            status=self.words.back(word, heard.state),
            owner=heard.owner,
            urgency=heard.urgency,
            outcome=heard.outcome,
            actionable=heard.actionable,
            attempts=heard.attempts,
            symptom_check=check if heard.answered_by and heard.at else None,
            note=heard.note or "",
        )
        return replace(remote, version=_digest(remote))

    def changed(
        self,
        fields: Mapping[str, Any],
        remote: Remote | None,
        word: str | None,
        known: Known | None,
    ) -> Changed | Later | None:
        """Return what a person changed there that we do not know of.

        Of a record that we do not know at all, as after a lost answer, its state only tells it.
        """
        if remote is None:
            return Later("not_understood")
        if known is None or known.version is None:
            return Changed(remote) if self._by_hand(fields, word) else None
        return Changed(remote) if known.version != remote.version else None

    def overtaken(
        self, remote: Remote | None, put: Put, told: Mapping[str, Any], fields: Mapping[str, Any]
    ) -> Outcome:
        """Say who was faster: a person, or we ourselves, where a request arrived twice."""
        if remote is None:
            return Later("not_understood")
        ours = all(fields.get(name) == value for name, value in told.items())
        return put if ours else Changed(remote)

    def _by_hand(self, fields: Mapping[str, Any], word: str | None) -> bool:
        """Tell whether a person has chosen the state that it is in: the word is not ours."""
        state = fields.get(self.columns.named("state"))
        return state in list(Status) and self.words.there[Status(state)] != word

    def reads_as(self, status: Status) -> Status:
        """See Connector."""
        state = status if self.columns.named("state") else None
        return self.words.back(self.words.there[status], state) or status


def _digest(remote: Remote) -> str:
    flows = REMOTE.dump_json(remote, exclude={"remote_id", "version", "changed_at"})
    return hashlib.sha256(flows).hexdigest()[:20]


def _none_if_wrong(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Read what people typed: what cannot be is as if it were not there."""
    try:
        return handler(value)
    except ValidationError:
        return None


def _none_if_empty(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _split(value: Any) -> Any:
    """Return the flags; what is no text says something that we do not know, and is no end then."""
    return [] if value is None else [flag for flag in re.split(r"[;,\s]+", str(value)) if flag]


Typed = (WrapValidator(_none_if_wrong), BeforeValidator(_none_if_empty))
Text = Annotated[str | None, *Typed]


class _Heard(BaseModel):
    task: Annotated[UUID | None, *Typed]
    state: Text
    owner: Text
    urgency: Text
    outcome: Text
    actionable: Annotated[bool | None, *Typed]
    attempts: Annotated[int | None, *Typed]
    note: Text
    answered_by: Text = Field(validation_alias="asked_by")
    at: Annotated[AwareDatetime | None, *Typed] = Field(validation_alias="asked_at")
    red_flags: Annotated[list[str], BeforeValidator(_split)]
