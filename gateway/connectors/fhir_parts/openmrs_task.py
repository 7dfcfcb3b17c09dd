"""A task as OpenMRS's module fhir2 keeps it: what is left of a FHIR Task there."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field, SecretStr

from device_profiles.reading import Frozen
from gateway.care.moves import Status
from gateway.connectors.fhir_parts.codes import LETTERS, STATUS, Json, instant, moment
from gateway.connectors.fhir_parts.task import GROUPS
from gateway.connectors.http import FarUrl
from gateway.connectors.ports import Remote, Work
from gateway.connectors.texts import body, subject

Release = Literal["3.0", "4.0", "4.1"]
Said = Literal[
    "urgency", "outcome", "actionable", "attempts", "note", "asked_at", "asked_by", "red_flags"
]
MOST: Final = 255
"""Characters of a note, and of an output."""
TITLE: Final = 80
"""Characters of a note's first line: the link must fit too."""
THREE: Final = {
    Status.IN_PROGRESS: "accepted",
    Status.ON_HOLD: "accepted",
    Status.CANCELLED: "completed",
    Status.ENTERED_IN_ERROR: "completed",
}
FOUR: Final = {Status.IN_PROGRESS: "accepted", Status.ENTERED_IN_ERROR: "cancelled"}
INSTEAD: Final[Mapping[Release, Mapping[Status, str]]] = {"3.0": THREE, "4.0": FOUR, "4.1": {}}


class Settings(Frozen, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True):
    """Where it is, who we are there, and what it calls things."""

    url: FarUrl
    """`https://emr.example.org/openmrs/ws/fhir2/R4`."""
    user: Annotated[str, Field(min_length=1, pattern="^[^:]*$")]
    """An account of its own, with the privileges to see, add and edit tasks."""
    password: SecretStr
    """Of that account."""
    release: Release = "3.0"
    """Of the module fhir2: what it is at least. A later one than it is ends every search there."""
    people: Mapping[str, str] = {}
    """Names of ours, and who they are there: `"Ana Ruiz" = "Practitioner/<uuid>"`."""
    team: Annotated[str, Field(pattern=r"^[A-Za-z]+/[A-Za-z0-9.-]+$")]
    """Who has what nobody has, or somebody who is none of `people`: `Organization/<uuid>`."""
    concepts: Mapping[Said, str] = {}
    """UUIDs of concepts (datatype text) that say what came of a task. Without `urgency`, `outcome`
    and `actionable` a task cannot be closed there."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Reads and writes Task as OpenMRS keeps it."""

    settings: Settings

    def resource(self, work: Work) -> Json:
        """Return what is sent. What is left out stays as it is there."""
        settings, status = self.settings, self.word(work.status)
        owner = settings.people.get(work.owner or "", settings.team)
        outputs = list(self._outputs(work))
        task: Json = {
            "resourceType": "Task",
            "id": str(work.task),
            "status": status,
            "intent": "order",
            "owner": _reference(owner),
        }
        if work.patient.external_id:
            task |= {"for": _reference(f"Patient/{work.patient.external_id}")}
        task |= {"executionPeriod": {"end": instant(work.closed_at)}} if work.closed_at else {}
        task |= {"output": outputs} if outputs else {}
        return task

    def marked(self, work: Work, task: Json) -> Json:
        """Say in the note what the task is, and what was written: who changes it cannot know."""
        mark = f"[{self.print(task)}]"
        lines = [subject(work)[:TITLE], *body(work).splitlines()]
        link = next(line for line in reversed(lines) if work.link in line)
        rest = "\n".join(line for line in lines[1:] if line != link)
        unknown = work.owner and work.owner not in self.settings.people
        head = "\n".join((lines[0], link, mark, *([f"{work.owner} has it."] if unknown else ())))
        return task | {"note": [{"text": f"{head}\n{rest}"[:MOST]}]}

    def word(self, status: Status) -> str:
        """Return the status that this release keeps."""
        return INSTEAD[self.settings.release].get(status, status.value)

    def _outputs(self, work: Work) -> Iterable[Json]:
        for key in ("urgency", "outcome", "actionable", "attempts", "note"):
            value = getattr(work.end, key, None)
            if key in self.settings.concepts and value is not None:
                text = str(value).lower() if isinstance(value, bool) else str(value)
                concept = {"coding": [{"code": self.settings.concepts[key]}]}
                yield {"type": concept, "valueString": text[:MOST]}

    def merged(self, current: Json, ours: Json) -> Json:
        """Keep outputs of theirs: those that are sent take the place of all."""
        if "output" not in ours:
            return ours | ({"output": current["output"]} if "output" in current else {})
        said = {_concept(each) for each in ours["output"]}
        kept = [each for each in current.get("output", ()) if _concept(each) not in said]
        return ours | {"output": [*ours["output"], *kept]}

    def remote(self, task: Json, otherwise: datetime) -> Remote | None:
        """Return what a resource says; None if it is no task of ours."""
        key = self.key(task)
        if key is None:
            return None
        told = self._told(task)
        check = {"at": told.get("asked_at"), "answered_by": told.get("asked_by")}
        flags = [flag.strip() for flag in told.get("red_flags", "").split(",") if flag.strip()]
        attempts = told.get("attempts", "")
        return Remote(
            task=key,
            remote_id=task["id"],
            version=self.print(task),
            changed_at=moment(task.get("meta", {}).get("lastUpdated")) or otherwise,
            status=STATUS.get(task.get("status", "")),
            owner=self._person(task),
            urgency=told.get("urgency"),
            outcome=told.get("outcome"),
            actionable={"true": True, "false": False}.get(told.get("actionable", "").lower()),
            attempts=int(attempts) if attempts.isdecimal() else None,
            symptom_check=check | {"red_flags": flags} if all(check.values()) else None,
            note=told.get("note", ""),
        )

    def key(self, task: Json) -> UUID | None:
        """Return which task of ours it is; those of others have no link of ours in their note."""
        try:
            key = UUID(task.get("id", ""))
        except ValueError:
            return None
        return key if f"/tasks/{key}" in _note(task) else None

    def _told(self, task: Json) -> dict[str, str]:
        names = {uuid: name for name, uuid in self.settings.concepts.items()}
        outputs = [(names.get(_concept(each)), each) for each in task.get("output", ())]
        return {name: _value(each) for name, each in outputs if name}

    def _person(self, task: Json) -> str | None:
        reference = task.get("owner", {}).get("reference")
        if not reference or reference == self.settings.team:
            return None
        named = (name for name, known in self.settings.people.items() if known == reference)
        kind = reference.partition("/")[0]
        return next(named, None if kind in GROUPS else reference)

    def print(self, task: Json) -> str:
        """Return what stays the same while nobody changes what people change."""
        told = [task.get("status"), task.get("owner", {}).get("reference"), self._told(task)]
        digest = sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
        return digest[:12].translate(LETTERS)

    def untouched(self, task: Json) -> bool:
        """Tell whether it is as we wrote it last."""
        return f"[{self.print(task)}]" in _note(task)


def _reference(reference: str) -> Json:
    return {"type": reference.partition("/")[0], "reference": reference}


def _note(task: Json) -> str:
    return str((task.get("note") or [{}])[0].get("text", ""))


def _concept(output: Json) -> str:
    codings = output.get("type", {}).get("coding", ())
    return next((each.get("code", "") for each in codings if not each.get("system")), "")


def _value(output: Json) -> str:
    return str(next((value for key, value in output.items() if key.startswith("value")), ""))
