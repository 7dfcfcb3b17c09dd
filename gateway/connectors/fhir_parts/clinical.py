"""What goes with a task to a FHIR server: the alert, a standing warning, evidence, the note."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from alerting.model import Severity
from gateway.care.moves import CLOSED
from gateway.connectors.fhir_parts.bundle import urn
from gateway.connectors.fhir_parts.codes import SERIOUS, TERMINOLOGY, Json, Names, instant
from gateway.connectors.fhir_parts.observations import readings
from gateway.connectors.ports import Work

Sent = Literal["DetectedIssue", "Flag", "Observation", "Device", "Communication"]
RESOLVED: Final = "resolved"
STANDING: Final = frozenset({Severity.P1, Severity.P2})


@dataclass(frozen=True, slots=True)
class Companions:
    """Builds what goes with a task: what the task holds, of the types that are to be sent."""

    names: Names = field(default_factory=Names)
    types: frozenset[Sent] = frozenset()
    bare_issue: bool = False
    """Whether an alert is sent of which nothing may be said but how serious it is."""

    def resources(self, work: Work, patient: Json, task: str) -> Sequence[Json]:
        """Return them, the alert first if there is one. `task` is how the Bundle calls the Task."""
        measured = [
            each
            for each in readings(self.names, work, patient, devices="Device" in self.types)
            if each["resourceType"] in self.types
        ]
        others = [
            *self._issue(work, patient, measured),
            *self._flag(work, patient),
            *self._note(work, patient, task),
        ]
        kept = [each for each in others if each["resourceType"] in self.types]
        return list({urn(each): each for each in [*kept, *measured]}.values())

    def _issue(self, work: Work, patient: Json, measured: Sequence[Json]) -> Iterable[Json]:
        if work.alert is None or (work.rule is None and not self.bare_issue):
            return
        issue: Json = {
            "resourceType": "DetectedIssue",
            "identifier": [self.names.identifier("alert", work.alert)],
            "status": "final" if work.alert_state == RESOLVED else "preliminary",
            "severity": SERIOUS[work.alert_severity or work.priority],
            "patient": patient,
            "identifiedDateTime": instant(work.created_at),
        }
        implicated = [
            {"reference": urn(each)} for each in measured if each["resourceType"] == "Observation"
        ]
        issue |= {"implicated": implicated} if implicated else {}
        issue |= {"code": self._rule(work)} if work.rule else {}
        yield issue | ({"detail": work.sentence} if work.sentence else {})

    def _rule(self, work: Work) -> Json:
        return self.names.concept("rule", work.rule or "", work.title)

    def _flag(self, work: Work, patient: Json) -> Iterable[Json]:
        severity = work.alert_severity or work.priority
        if work.alert is None or work.rule is None or severity not in STANDING:
            return
        over = work.alert_state == RESOLVED or work.status in CLOSED
        category = {"system": f"{TERMINOLOGY}/flag-category", "code": "clinical"}
        ends = {"end": instant(work.closed_at)} if over and work.closed_at else {}
        yield {
            "resourceType": "Flag",
            "identifier": [self.names.identifier("alert", work.alert)],
            "status": "inactive" if over else "active",
            "category": [{"coding": [category]}],
            "code": self._rule(work),
            "subject": patient,
            "period": {"start": instant(work.created_at)} | ends,
        }

    def _note(self, work: Work, patient: Json, task: str) -> Iterable[Json]:
        if not work.end or not work.end.note:
            return
        sent = {"sent": instant(work.closed_at)} if work.closed_at else {}
        yield {
            "resourceType": "Communication",
            "identifier": [self.names.identifier("note", work.task)],
            "status": "completed",
            "subject": patient,
            "about": [{"reference": task}],
            "payload": [{"contentString": work.end.note}],
        } | sent
