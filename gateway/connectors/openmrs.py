"""OpenMRS with its module fhir2 (3.0 and later): a Task whose id is that of our task.

Read in the module's source (openmrs/openmrs-module-fhir2, 4.2.0), as it differs from FHIR:

- It knows no identifier of ours, no If-None-Exist, no If-Match, no transaction. But `PUT Task/<id>`
  creates, where the global property `fhir2.upsert.supported.resources` names Task: that is how a
  task is there once, whatever is sent how often. Where it does not, nothing is sent.
- It keeps status, intent, for, owner, focus, executionPeriod.end, outputs whose type is a concept,
  and 255 characters of one note: the title, the link and when it is due go there.
- What a resource leaves out stays as it was: an owner is taken off only by the next, `team`.
- A status that it does not know is lost, and such a task cannot be read any more. 3.0 knows four;
  4.0 adds ready, on-hold and cancelled, 4.1 the rest of FHIR's.

| ours | 3.0 | 4.0 | 4.1 |
|---|---|---|---|
| requested, accepted, completed | the same | the same | the same |
| in-progress | accepted | accepted | in-progress |
| on-hold | accepted | on-hold | on-hold |
| cancelled | completed | cancelled | cancelled |
| entered-in-error | completed | cancelled | entered-in-error |

A task is looked at before it is changed. The race that remains: what a person does between the
look and the change, some milliseconds, is written over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import httpx

from gateway.care.moves import Status
from gateway.connectors import Kind, Table
from gateway.connectors.fhir_parts import bundle
from gateway.connectors.fhir_parts.codes import STATUS, Json
from gateway.connectors.fhir_parts.feed import FRESH, Feed
from gateway.connectors.fhir_parts.openmrs_task import Pages, Settings
from gateway.connectors.http import Far, far_now, means, shown
from gateway.connectors.ports import (
    Changed,
    Changes,
    Known,
    Later,
    Outcome,
    Put,
    Refused,
    Request,
    Work,
)

NOT_THERE, GONE, NO_UPSERT = 404, 410, frozenset({404, 405})


@dataclass(frozen=True, slots=True)
class OpenMrs:
    """See Connector."""

    far: Far
    pages: Pages

    def put(self, work: Work, known: Known | None) -> Outcome:
        """See Connector."""
        answer = self.far.send(self._look(work), also={NOT_THERE, GONE})
        if not isinstance(answer, httpx.Response):
            return answer
        if answer.status_code == GONE:
            return Refused("deleted_there")
        if answer.status_code == NOT_THERE:
            return self._write(work, None)
        current = bundle.content(answer)
        if current is None:
            return Later("not_understood")
        seen = known is not None and known.version == self.pages.print(current)
        if seen or self.pages.untouched(current):
            return self._write(work, current)
        remote = self.pages.remote(current, far_now(answer) or work.created_at)
        return Changed(remote) if remote else Refused("not_ours_any_more")

    def _look(self, work: Work) -> httpx.Request:
        return self.far.request("GET", f"/Task/{work.task}", headers=FRESH)

    def _write(self, work: Work, current: Json | None) -> Outcome:
        answer = self.far.send(self._change(work, current), also=NO_UPSERT)
        if not isinstance(answer, httpx.Response):
            return answer
        there = bundle.content(answer)
        if answer.status_code in NO_UPSERT:
            # No task's fault. Who answers without a resource is no FHIR server: a wrong address.
            return Later("upsert_of_task_is_off") if there else means(answer)
        if there is None:
            return Later("not_understood")
        return Put(str(work.task), self.pages.print(there))

    def _change(self, work: Work, current: Json | None) -> httpx.Request:
        task = self.pages.resource(work)
        task = self.pages.marked(work, self.pages.merged(current, task) if current else task)
        kinds = {"Content-Type": bundle.FHIR_JSON, "Accept": bundle.FHIR_JSON}
        path, content = f"/Task/{work.task}", bundle.encoded(task)
        return self.far.request("PUT", path, headers=kinds, content=content)

    def changes(self, cursor: str | None, now: datetime) -> Changes | Later | Refused:
        """See Connector: of every task there, those that have our link."""
        return Feed(self.far, "", self.pages.remote, self.pages.key).changes(cursor, now)

    def reads_as(self, status: Status) -> Status:
        """See Connector."""
        return STATUS[self.pages.word(status)]

    def requests(self, work: Work) -> Sequence[Request]:
        """See Connector."""
        return [shown(each) for each in (self._look(work), self._change(work, None))]

    def check(self) -> Put | Later | Refused:
        """See Connector."""
        answer = self.far.send(self.far.request("GET", "/Task?_count=1", headers=FRESH))
        return Put("") if isinstance(answer, httpx.Response) else answer


def _build(table: Table) -> OpenMrs:
    settings = Settings.model_validate(table)
    auth = httpx.BasicAuth(settings.user, settings.password.get_secret_value())
    return OpenMrs(Far(settings.url, auth), Pages(settings))


KIND: Final = Kind(
    name="openmrs",
    title="OpenMRS (FHIR2)",
    build=_build,
    tried="a local double of its Task, as the source of openmrs-module-fhir2 4.2.0 has it; never "
    "OpenMRS, which is Java from Maven's registry",
)
