"""A task as a FHIR Task, and what people made of it there.

https://hl7.org/fhir/R4/task.html. An update keeps whatever others have put into the resource.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from gateway.connectors.fhir_parts.codes import (
    LETTERS,
    PRIORITY,
    STATUS,
    Json,
    Names,
    instant,
    moment,
)
from gateway.connectors.ports import Remote, Work
from gateway.connectors.texts import body, subject

NOTE_MOST: Final = 2000
GROUPS: Final = ("Organization", "CareTeam", "HealthcareService")
"""Whoever of them has it, no person has."""
SAID: Final = (
    "extension",
    "status",
    "businessStatus",
    "priority",
    "description",
    "owner",
    "restriction",
    "input",
    "output",
)
PLAIN: Final = {"actionable": "valueBoolean", "attempts": "valueInteger"}
RED_FLAG: Final = "red-flag"
ASKED: Final = {"symptoms-asked-at": "at", "symptoms-answered-by": "answered_by"}
SIMPLE: Final = ("urgency", "outcome")


@dataclass(frozen=True, slots=True)
class Tasks:
    """Reads and writes Task. `people` are names of ours and who they are there."""

    names: Names = field(default_factory=Names)
    people: Mapping[str, str] = field(default_factory=dict)

    def resource(self, work: Work, patient: Json, focus: str | None) -> Json:
        """Return a task that nobody there has touched."""
        names = self.names
        task: Json = {
            "resourceType": "Task",
            "identifier": [names.identifier("task", work.task)],
            "status": work.status.value,
            "businessStatus": names.concept("task-state", work.status.value),
            "intent": "order",
            "priority": PRIORITY[work.priority],
            "code": names.concept("queue", work.queue),
            "description": subject(work),
            "for": patient,
            "authoredOn": instant(work.created_at),
            "requester": {"display": "Hearthline"},
            "restriction": {"period": {"end": instant(work.due_at)}},
            "input": [
                self._parameter("details", valueString=body(work)),
                self._parameter("link", valueUrl=work.link),
            ],
        }
        task |= {"focus": {"reference": focus}} if focus else {}
        task |= {"owner": self._owner(work.owner)} if work.owner else {}
        task |= {"executionPeriod": {"end": instant(work.closed_at)}} if work.closed_at else {}
        task |= {"output": list(self._outputs(work))} if work.end else {}
        return self.marked(task)

    def _parameter(self, code: str, **value: Any) -> Json:
        return {"type": self.names.concept("task-parameter", code), **value}

    def _owner(self, name: str) -> Json:
        reference = self.people.get(name)
        return {"display": name} | ({"reference": reference} if reference else {})

    def _outputs(self, work: Work) -> Iterable[Json]:
        if not work.end:
            return
        for key in SIMPLE:
            code = getattr(work.end, key)
            yield self._parameter(key, valueCodeableConcept=self.names.concept(key, code))
        yield self._parameter("actionable", valueBoolean=work.end.actionable)
        if work.end.attempts is not None:
            yield self._parameter("attempts", valueInteger=work.end.attempts)

    def merged(self, current: Json, ours: Json) -> Json:
        """Return the resource as it is there, with what is said here in it."""
        new = {**current, **ours}
        new["meta"] = {
            key: value
            for key, value in current.get("meta", {}).items()
            if key not in ("versionId", "lastUpdated")
        }
        theirs = [each for each in current.get("identifier", ()) if each not in ours["identifier"]]
        new["identifier"] = [*ours["identifier"], *theirs]
        for key in ("input", "output"):
            said = {self._code(each) for each in ours.get(key, ())}
            kept = [each for each in current.get(key, ()) if self._code(each) not in said]
            new[key] = [*ours.get(key, ()), *kept]
        self._keep_owner(new, current, ours)
        return self.marked({key: value for key, value in new.items() if value})

    def _keep_owner(self, new: Json, current: Json, ours: Json) -> None:
        """A person's reference is not changed into a name, nor a queue into nobody."""
        if self._person(current.get("owner")) == self._person(ours.get("owner")):
            if "owner" in current:
                new["owner"] = current["owner"]
        elif "owner" not in ours:
            del new["owner"]

    def _code(self, parameter: Json) -> str | None:
        kind = parameter.get("type", {})
        return self.names.coded(kind, "task-parameter") or kind.get("text")

    def remote(self, task: Json, otherwise: datetime) -> Remote | None:
        """Return what a resource says; None if it is no task of ours."""
        key, about = self.key(task), task.get("meta", {})
        if key is None or "id" not in task:
            return None
        changed = moment(about.get("lastUpdated")) or moment(task.get("lastModified"))
        told = self._told(task)
        return Remote(
            task=key,
            remote_id=task["id"],
            version=about.get("versionId"),
            changed_at=changed or otherwise,
            status=STATUS.get(task.get("status", "")),
            owner=self._person(task.get("owner")),
            note="\n".join(each.get("text", "") for each in task.get("note", ()))[:NOTE_MOST],
            **told,
        )

    def key(self, task: Json) -> UUID | None:
        """Return which task of ours it is; None if it is none."""
        for each in task.get("identifier", ()):
            if each.get("system") == self.names.system("task"):
                try:
                    return UUID(each.get("value", ""))
                except ValueError:
                    return None
        return None

    def _person(self, owner: Json | None) -> str | None:
        if not owner:
            return None
        reference = owner.get("reference", "")
        if owner.get("type") in GROUPS or reference.startswith(tuple(f"{g}/" for g in GROUPS)):
            return None
        named = (name for name, known in self.people.items() if known == reference)
        identified = owner.get("identifier", {}).get("value")
        return next(named, None) or owner.get("display") or identified or reference or None

    def _told(self, task: Json) -> Json:
        outputs = [(self._code(each), each) for each in task.get("output", ())]
        told: Json = {key: self.names.coded(task.get("businessStatus"), key) for key in SIMPLE}
        for code, each in outputs:
            if code in SIMPLE:
                told[code] = self.names.coded(each.get("valueCodeableConcept"), code)
        told |= {code: each.get(PLAIN[code]) for code, each in outputs if code in PLAIN}
        check: Json = {ASKED[code]: _first(each) for code, each in outputs if code in ASKED}
        if check:
            flags = {str(_first(each)) for code, each in outputs if code == RED_FLAG}
            told["symptom_check"] = check | {"red_flags": sorted(flags)}
        return told

    def marked(self, task: Json) -> Json:
        """Say in the resource what it was when we wrote it; who changes it leaves that alone."""
        url = f"{self.names.root}:written"
        others = [each for each in task.get("extension", ()) if each.get("url") != url]
        mark = {"url": url, "valueString": self._print(task)}
        return {**task, "extension": [*others, mark]}

    def untouched(self, task: Json) -> bool:
        """Tell whether nobody changed what people change since we wrote it."""
        return self.marked(task)["extension"][-1] in task.get("extension", ())

    def says(self, task: Json, ours: Json) -> bool:
        """Tell whether all that we say is there already."""
        return all(task.get(key) == ours.get(key) for key in SAID)

    def _print(self, task: Json) -> str:
        notes = [each.get("text") for each in task.get("note", ())]
        told = [task.get("status"), self._person(task.get("owner")), self._told(task), notes]
        digest = sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]
        return digest.translate(LETTERS)


def _first(output: Json) -> object:
    return next((value for key, value in output.items() if key.startswith("value")), None)
