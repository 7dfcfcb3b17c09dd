"""FHIR R4: a Task, and what goes with it, in one transaction.

| ours | `Task.status` | and back |
|---|---|---|
| requested | requested | requested; so are draft, received, rejected, failed |
| accepted | accepted | accepted; so is ready |
| in-progress, on-hold | the same | the same |
| completed, cancelled, entered-in-error | the same | the same |

A task is looked for by its identifier first, for servers that know no conditional create; it is
created by `ifNoneExist`, and changed by `If-Match`: what a person did between is kept, and the
answer is `Changed`. Two of us at once leave two tasks only at a server that knows neither, and then
nothing more is written to either. A Task says, in an extension, what it was when it was written:
so an answer that was lost is not taken for somebody's change. What others wrote into it stays.
With it go a DetectedIssue for the alert, a Flag while a P1 or P2 stands, the evidence as
Observations with their Devices, and the note at the end as a Communication. Medplum takes a
transaction for a batch unless its project has `transaction-bundles`; that works as well.
What changed is asked for by `_lastUpdated`, from five minutes before the question before it, by the
server's own clock.
https://hl7.org/fhir/R4/http.html, https://hl7.org/fhir/R4/task.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, Literal
from urllib.parse import quote

import httpx
from pydantic import Field

from device_profiles.reading import Frozen
from gateway.care.moves import Status
from gateway.connectors import Kind, Table
from gateway.connectors.fhir_parts import bundle
from gateway.connectors.fhir_parts.clinical import Companions, Sent
from gateway.connectors.fhir_parts.codes import Json, Names
from gateway.connectors.fhir_parts.feed import FRESH, GONE, Feed
from gateway.connectors.fhir_parts.signin import NoSignIn, SignIn
from gateway.connectors.fhir_parts.task import Tasks
from gateway.connectors.http import Far, FarUrl, means, shown
from gateway.connectors.ports import (
    Changed,
    Changes,
    Known,
    Later,
    Outcome,
    Put,
    Refused,
    Remote,
    Request,
    Work,
)

NAMES: Final = Names()
CONFLICT: Final = 409
CLASH: Final = frozenset({CONFLICT, 412})
"""Changed meanwhile: the standard's 412, HAPI's 409. Or several have the identifier: 412."""
CREATED: Final = "201"
ALL: Final[frozenset[Sent]] = frozenset(
    ("DetectedIssue", "Flag", "Observation", "Device", "Communication")
)


class Settings(Frozen, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True):
    """Where the server is, who we are there, and who the patients are."""

    url: FarUrl
    """The base: `https://ehr.example.org/fhir`."""
    sign_in: SignIn = NoSignIn()
    """`by`: `none`; `token`; `password`, with `user`; `secret`, with `token_url`, `client_id`,
    `client_secret`; `key` (SMART backend services), with `token_url`, `client_id`, `private_key`
    (PEM), `key_id`. The last two may have `scope`."""
    patients: Literal["id", "identifier", "logical"] = "id"
    """What the patient's number is there: the id of Patient, an identifier by which the server
    finds it, or one by which it is only named."""
    patient_system: Annotated[str, Field(min_length=1)] | None = None
    """The system of that identifier."""
    people: Mapping[str, str] = {}
    """Names of ours, and who they are there: `"Ana Ruiz" = "Practitioner/17"`."""
    send: frozenset[Sent] = ALL
    """What goes with the Task, as far as `contents` lets it."""
    bare_issue: bool = False
    """Send a DetectedIssue without code where the contents are minimal."""
    transactions: bool = True
    """Without: the Task only, by itself."""


@dataclass(frozen=True, slots=True)
class Fhir:
    """See Connector."""

    settings: Settings
    far: Far
    tasks: Tasks
    companions: Companions

    def put(self, work: Work, known: Known | None) -> Outcome:
        """See Connector."""
        current = self._current(work, known)
        if isinstance(current, Later | Refused):
            return current
        if current is None:
            return self._create(work)
        version = bundle.version(current)
        if not (known and known.version == version) and not self.tasks.untouched(current):
            return self._changed(current)
        return self._update(work, current, version)

    def _current(self, work: Work, known: Known | None) -> Json | Later | Refused | None:
        """Return the task as it is there; None where there is none."""
        found = self._found(work)
        if found is None and known:
            # Somebody may have taken our identifier from it.
            return self._read(known.remote_id)
        return found

    def _read(self, name: str) -> Json | Later | Refused | None:
        request = self.far.request("GET", f"/Task/{quote(name, '')}", headers=FRESH)
        answer = self.far.send(request, also=GONE)
        if not isinstance(answer, httpx.Response):
            return answer
        gone = answer.status_code in GONE
        return None if gone else bundle.content(answer) or Later("not_understood")

    def _found(self, work: Work) -> Json | Later | Refused | None:
        answer = self.far.send(self._search(work))
        if not isinstance(answer, httpx.Response):
            return answer
        found = bundle.content(answer)
        if found is None or found["resourceType"] != "Bundle":
            return Later("not_understood")
        resources = [each.get("resource", {}) for each in found.get("entry", ())]
        tasks = [each for each in resources if each.get("resourceType") == "Task"]
        return Refused("several_there") if len(tasks) > 1 else (tasks[0] if tasks else None)

    def _search(self, work: Work) -> httpx.Request:
        identifier = NAMES.identifier("task", work.task)
        path = f"/Task?{bundle.search(identifier)}&_count=2"
        return self.far.request("GET", path, headers=FRESH)

    def _create(self, work: Work) -> Outcome:
        done = self._written(work, self._creation(work), {})
        if not isinstance(done, bundle.Written):
            return done
        if done.status == CREATED:
            return Put(done.id, done.version)
        # Another one was faster: this request's twin, or one that said something else.
        return self._settled(work, self._read(done.id))

    def _written(
        self, work: Work, request: httpx.Request, current: Json
    ) -> bundle.Written | Outcome:
        """Send a change of what is there, and say what it did to the Task.

        Medplum takes a transaction for a batch unless its project says `transaction-bundles`: what
        failed of it is seen in the entries only. The rest was done, and is done once more.
        """
        answer = self.far.send(request, also=CLASH)
        if not isinstance(answer, httpx.Response):
            return answer
        several = self.settings.transactions
        became = [*(bundle.statuses(answer) if several else ()), answer.status_code]
        if clash := CLASH & {*became[-2:]}:
            return self._clashed(work, bundle.version(current), max(clash))
        if any(httpx.codes.is_error(status) for status in became):
            return means(httpx.Response(max(became)))
        read = bundle.written if several else bundle.written_alone
        return read(answer, current.get("id", "")) or Later("not_understood")

    def _creation(self, work: Work) -> httpx.Request:
        task, others = self._resources(work)
        if self.settings.transactions:
            entries = [bundle.entry(each) for each in (*others, task)]
            return self._sent("POST", "", bundle.transaction(entries))
        condition = {"If-None-Exist": bundle.search(task["identifier"][0])}
        return self._sent("POST", "/Task", task, condition)

    def _update(self, work: Work, current: Json, version: str | None) -> Outcome:
        task, others = self._resources(work)
        task = self.tasks.merged(current, task)
        if self.settings.transactions:
            entries = [*(bundle.entry(each) for each in others), bundle.entry(task, version)]
            request = self._sent("POST", "", bundle.transaction(entries))
        else:
            condition = {"If-Match": f'W/"{version}"'} if version else {}
            request = self._sent("PUT", f"/Task/{quote(task['id'], '')}", task, condition)
        done = self._written(work, request, current)
        return Put(task["id"], done.version) if isinstance(done, bundle.Written) else done

    def _resources(self, work: Work) -> tuple[Json, Sequence[Json]]:
        patient = self._patient(work)
        task = self.tasks.resource(work, patient, None)
        if not self.settings.transactions:
            return task, ()
        others = self.companions.resources(work, patient, bundle.urn(task))
        focus = others[0] if others and others[0]["resourceType"] == "DetectedIssue" else None
        return (task | {"focus": {"reference": bundle.urn(focus)}} if focus else task), others

    def _patient(self, work: Work) -> Json:
        """Return how a resource says whose it is; a patient without a name there has ours."""
        external, settings = work.patient.external_id, self.settings
        if external is None:
            return {"identifier": NAMES.identifier("patient", work.patient.id)}
        if settings.patients == "id":
            return {"reference": f"Patient/{external}"}
        identifier = {"value": external}
        if settings.patient_system:
            identifier = {"system": settings.patient_system, **identifier}
        if settings.patients == "logical" or not settings.transactions:
            return {"type": "Patient", "identifier": identifier}
        found = "%7C".join(quote(part, "") for part in identifier.values())
        return {"reference": f"Patient?identifier={found}"}

    def _sent(
        self, method: str, path: str, resource: Json, headers: Mapping[str, str] | None = None
    ) -> httpx.Request:
        kinds = {"Content-Type": bundle.FHIR_JSON, "Accept": bundle.FHIR_JSON, **(headers or {})}
        content = bundle.encoded(resource)
        return self.far.request(method, path, headers=kinds, content=content)

    def _clashed(self, work: Work, version: str | None, status: int) -> Outcome:
        """Say what a condition that did not hold means: that of the Task, if that has changed."""
        current = self._found(work)
        if current is None or (isinstance(current, dict) and bundle.version(current) == version):
            # HAPI's 409 is also two transactions at once; they may be tried again.
            return Later("http_409") if status == CONFLICT else Refused("http_412")
        return self._settled(work, current)

    def _settled(self, work: Work, current: Json | Later | Refused | None) -> Outcome:
        """Return what is there without writing again: a call has no time for that."""
        if isinstance(current, Later | Refused):
            return current
        if current is None:
            return Later("just_deleted")
        if not self.tasks.untouched(current):
            return self._changed(current)
        ours = self.tasks.merged(current, self._resources(work)[0])
        if not self.tasks.says(current, ours):
            return Later("changed_meanwhile")
        return Put(current["id"], bundle.version(current))

    def _changed(self, current: Json) -> Outcome:
        remote = self.tasks.remote(current, datetime.now(UTC))
        return Changed(remote) if remote else Refused("not_ours_any_more")

    def changes(self, cursor: str | None, now: datetime) -> Changes | Later | Refused:
        """See Connector."""
        system = quote(NAMES.system("task"), "")
        asked = f"identifier={system}%7C"
        return Feed(self.far, asked, self._remote, self.tasks.key, is_sorted=True).changes(
            cursor, now
        )

    def _remote(self, task: Json, there: datetime) -> Remote | None:
        return self.tasks.remote(task, there)

    def reads_as(self, status: Status) -> Status:
        """See Connector."""
        return status

    def requests(self, work: Work) -> Sequence[Request]:
        """See Connector."""
        signed_in = self.far.auth is not None
        asked = (self._search(work), self._creation(work))
        return [shown(each, signed_in=signed_in) for each in asked]

    def check(self) -> Put | Later | Refused:
        """See Connector."""
        answer = self.far.send(self.far.request("GET", "/metadata", headers=FRESH))
        if not isinstance(answer, httpx.Response):
            return answer
        said = bundle.content(answer) or {}
        if not str(said.get("fhirVersion", "")).startswith("4."):
            return Refused("not_fhir_r4")
        system = quote(NAMES.system("task"), "")
        asking = f"/Task?identifier={system}%7C&_count=1"
        answer = self.far.send(self.far.request("GET", asking, headers=FRESH))
        return Put("") if isinstance(answer, httpx.Response) else answer


def _build(table: Table) -> Fhir:
    settings = Settings.model_validate(table)
    far = Far(settings.url, settings.sign_in.auth())
    companions = Companions(NAMES, settings.send, settings.bare_issue)
    return Fhir(settings, far, Tasks(NAMES, settings.people), companions)


KIND: Final = Kind(
    name="fhir",
    title="FHIR R4 server (Medplum, HAPI)",
    build=_build,
    tried="Medplum's own FHIR router and in-memory repository, from npm (`make test-fhir-server`), "
    "and a local double that behaves as the R4 specification says; never a whole server: those of "
    "Medplum and HAPI are in no registry that tests may use (PyPI, npm, Debian)",
)
