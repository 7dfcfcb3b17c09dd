"""Salesforce: a record for a task, by external id.

| ours | `Status` of a Task | and back |
|---|---|---|
| requested | Not Started | requested |
| accepted, in-progress | In Progress | what we said last, else in-progress |
| on-hold | Waiting on someone else | on-hold; so is Deferred |
| completed | Completed | completed |
| cancelled, entered-in-error | Completed | what we said last, else completed |

A record is looked at before it is changed, and changed by `If-Unmodified-Since`: what a person did
between the two is kept, and the answer is `Changed`. The race that remains: that header counts
whole seconds, so an edit after our look in the second of the record's last change is written over.
A version is made of what flows back, so our own writes come back as they went.
https://developer.salesforce.com/docs/platform/api-rest/guide/intro-rest-conditional-requests.html
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final

import httpx
from httpx import codes

from alerting.model import Severity
from gateway.care.moves import Status
from gateway.connectors import Kind, Table
from gateway.connectors.crm import salesforce_api as api
from gateway.connectors.crm.form import Form, Words
from gateway.connectors.http import Far, far_now, means, parsed, shown
from gateway.connectors.ports import (
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
from gateway.connectors.records import Read, read_each
from gateway.connectors.texts import body, subject

WORDS: Final = {
    Status.REQUESTED: "Not Started",
    Status.ACCEPTED: "In Progress",
    Status.IN_PROGRESS: "In Progress",
    Status.ON_HOLD: "Waiting on someone else",
    Status.COMPLETED: "Completed",
    Status.CANCELLED: "Completed",
    Status.ENTERED_IN_ERROR: "Completed",
}
PRIORITY: Final = {Severity.P1: "High", Severity.P2: "High", Severity.P3: "Normal"}
SUBJECT, TEXT = 255, 32_000
BUSY: Final = frozenset({"UNABLE_TO_LOCK_ROW", "DUPLICATE_VALUE"})
"""Another request holds the record, or has just made it."""
Settings = api.Settings
Found = api.Record | Later | Refused | None


class Salesforce:
    """See `Connector`."""

    def __init__(self, settings: api.Settings) -> None:
        self._settings, self._names = settings, settings.names
        words = Words(WORDS | dict(settings.statuses), {"Deferred": Status.ON_HOLD})
        self._form = Form(settings.columns, words)
        self._far = Far(settings.url, settings.auth)
        self._data = f"/services/data/{settings.api}"
        self._objects = f"{self._data}/sobjects/{settings.sobject}"

    def put(self, work: Work, known: Known | None) -> Outcome:
        """See `Connector`."""
        found = self._look(work)
        if isinstance(found, Later | Refused):
            return found
        if found is None:
            return self._create(work)
        changed = self._form.changed(found.fields, self._remote(found), self._word(found), known)
        return changed or self._update(work, found)

    def requests(self, work: Work) -> Sequence[Request]:
        """See `Connector`."""
        return [shown(self._looking(work)), shown(self._creating(work))]

    def reads_as(self, status: Status) -> Status:
        """See `Connector`."""
        return self._form.reads_as(status)

    def check(self) -> Put | Later | Refused:
        """See `Connector`: the object has our fields, and its key is unique."""
        answer = self._far.send(self._far.request("GET", f"{self._objects}/describe"))
        if not isinstance(answer, httpx.Response):
            return answer
        described = parsed(answer, api.Described)
        if isinstance(described, Later):
            return described
        fields = {each.name: each for each in described.fields}
        if missing := sorted({*self._names.used, *self._settings.columns.all()} - fields.keys()):
            return Refused(f"no_field_{missing[0]}")
        key = fields[self._settings.columns.named("task")]
        return Put("") if key.external_id and key.unique else Refused("key_not_unique")

    def changes(self, cursor: str | None, now: datetime) -> Changes | Later | Refused:
        """See `Connector`.

        Its clock decides when something changed, so five minutes by its `Date` are read again, and
        there is more where that clock was ahead of what we took it for.
        """
        place = api.place(cursor, now)
        request = self._far.request("GET", f"{self._objects}/updated/", params=place.params)
        answer = self._far.send(request)
        if not isinstance(answer, httpx.Response):
            return answer
        updated = parsed(answer, api.Updated)
        if isinstance(updated, Later):
            return updated
        ids = sorted(each for each in updated.ids if each > place.after)
        page, more = ids[: self._settings.page], len(ids) > self._settings.page
        read = self._retrieve(page)
        if not isinstance(read, Read):
            return read
        there = far_now(answer) or now
        to = place.go_on(page[-1]) if more else place.next(updated.latest, there, now)
        further = more or not place.covers(there)
        return Changes(read.items, to.model_dump_json(), further, read.unread)

    def _retrieve(self, ids: Sequence[str]) -> Read | Later | Refused:
        if not ids:
            return Read((), ())
        path = f"{self._data}/composite/sobjects/{self._settings.sobject}"
        content = {"ids": list(ids), "fields": self._asked_for()}
        answer = self._far.send(self._far.request("POST", path, json=content))
        if not isinstance(answer, httpx.Response):
            return answer
        records = parsed(answer, api.Records)
        if isinstance(records, Later):
            return records
        seen = [record for record in records.root if record is not None]
        return read_each(seen, self._read, self._form.key)

    def _read(self, record: Any) -> Remote | None:
        return self._remote(api.Record.model_validate(record))

    def _asked_for(self) -> list[str]:
        return ["Id", "LastModifiedDate", self._names.status, *self._settings.columns.read()]

    def _looking(self, work: Work) -> httpx.Request:
        return self._far.request("GET", self._by_key(work))

    def _by_key(self, work: Work) -> str:
        return f"{self._objects}/{self._settings.columns.named('task')}/{work.task}"

    def _look(self, work: Work) -> Found:
        answer = self._far.send(self._looking(work), also={codes.NOT_FOUND})
        if not isinstance(answer, httpx.Response):
            return answer
        return None if answer.status_code == codes.NOT_FOUND else parsed(answer, api.Record)

    def _creating(self, work: Work) -> httpx.Request:
        return self._far.request("PATCH", self._by_key(work), json=self._told(work))

    def _create(self, work: Work) -> Outcome:
        answer = self._write(self._creating(work))
        if not isinstance(answer, httpx.Response):
            return answer
        made = parsed(answer, api.Made)
        return made if isinstance(made, Later) else self._put(made.id, work, {})

    def _update(self, work: Work, found: api.Record) -> Outcome:
        headers = {"If-Unmodified-Since": format_datetime(found.changed, usegmt=True)}
        path, told = f"{self._objects}/{found.id}", self._told(work)
        answer = self._write(self._far.request("PATCH", path, json=told, headers=headers))
        if not isinstance(answer, httpx.Response):
            return answer
        put = self._put(found.id, work, found.fields)
        return (
            put if answer.status_code != codes.PRECONDITION_FAILED else self._overtaken(work, put)
        )

    def _overtaken(self, work: Work, put: Put) -> Outcome:
        """Say who was faster: a person, or we ourselves, where a request arrived twice."""
        found = self._look(work)
        if not isinstance(found, api.Record):
            return found or Later("gone")
        return self._form.overtaken(self._remote(found), put, self._told(work), found.fields)

    def _write(self, request: httpx.Request) -> httpx.Response | Later | Refused:
        also = {codes.BAD_REQUEST, codes.PRECONDITION_FAILED}
        answer = self._far.send(request, also)
        if isinstance(answer, httpx.Response) and answer.status_code == codes.BAD_REQUEST:
            wrong = parsed(answer, api.Wrong)
            busy = isinstance(wrong, api.Wrong) and wrong.codes & BUSY
            return Later("busy") if busy else means(answer)
        return answer

    def _put(self, remote_id: str, work: Work, before: Mapping[str, Any]) -> Put:
        """Return the version that the record has when nothing but our write was done to it."""
        key = {self._settings.columns.named("task"): str(work.task)}
        fields = {**before, **key, **self._told(work)}
        word = fields[self._names.status]
        remote = self._form.remote(fields, word, remote_id, work.created_at)
        return Put(remote_id, remote.version if remote else None)

    def _told(self, work: Work) -> dict[str, Any]:
        names = self._names
        fields = {
            names.subject: subject(work)[:SUBJECT],
            names.text: body(work)[:TEXT],
            names.status: self._form.words.there[work.status],
            names.priority: PRIORITY.get(work.priority, "Low"),
            names.due: f"{work.due_at.astimezone(UTC):%Y-%m-%d}",
        }
        fields.pop("", None)
        return fields | self._form.told(work)

    def _word(self, record: api.Record) -> str | None:
        return record.fields.get(self._names.status)

    def _remote(self, record: api.Record) -> Remote | None:
        return self._form.remote(record.fields, self._word(record), record.id, record.changed)


def build(table: Table) -> Salesforce:
    """Return the connector. Raises ValidationError."""
    return Salesforce(api.Settings.model_validate(table))


KIND: Final = Kind(
    "salesforce",
    "Salesforce, also Health Cloud",
    build,
    "a local double that behaves as the REST API Developer Guide says; never an organisation",
)
