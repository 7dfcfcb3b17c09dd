"""HubSpot: a task for a task, by a property with unique values.

| ours | `hs_task_status` | and back |
|---|---|---|
| requested, accepted | NOT_STARTED | what we said last, else requested |
| in-progress | NOT_STARTED | what we said last, else requested; IN_PROGRESS is in-progress |
| on-hold | WAITING | on-hold; so is DEFERRED |
| completed, cancelled, entered-in-error | COMPLETED | what we said last, else completed |

Its reference promises NOT_STARTED and COMPLETED only, its example has WAITING; the setting
`statuses` has other words. It knows no conditional write: a task is looked at, then changed, and an
edit between the two (the time of one request) is written over. A version is made of what flows
back, so our own writes come back as they went.
https://developers.hubspot.com/docs/api-reference/2026-03/crm/search-the-crm
https://developers.hubspot.com/docs/api/crm/tasks
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import httpx
from httpx import codes

from alerting.model import Severity
from gateway.care.moves import Status
from gateway.connectors import Kind, Table
from gateway.connectors.crm import hubspot_api as api
from gateway.connectors.crm.form import Form, Words
from gateway.connectors.http import Bearer, Far, far_now, parsed, shown
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
from gateway.connectors.records import read_each
from gateway.connectors.texts import body, subject

WORDS: Final = {
    Status.REQUESTED: "NOT_STARTED",
    Status.ACCEPTED: "NOT_STARTED",
    Status.IN_PROGRESS: "NOT_STARTED",
    Status.ON_HOLD: "WAITING",
    Status.COMPLETED: "COMPLETED",
    Status.CANCELLED: "COMPLETED",
    Status.ENTERED_IN_ERROR: "COMPLETED",
}
ALSO: Final = {"IN_PROGRESS": Status.IN_PROGRESS, "DEFERRED": Status.ON_HOLD}
PRIORITY: Final = {Severity.P1: "HIGH", Severity.P2: "HIGH", Severity.P3: "MEDIUM"}
TEXT: Final = 65_536
STATUS, CHANGED = "hs_task_status", "hs_lastmodifieddate"
OWN: Final = ("hs_task_subject", "hs_task_body", "hs_task_priority", "hs_task_type", "hs_timestamp")
Settings = api.Settings
Found = api.Record | Later | Refused | None


class HubSpot:
    """See `Connector`."""

    def __init__(self, settings: api.Settings) -> None:
        self._settings = settings
        self._form = Form(settings.columns, Words(WORDS | dict(settings.statuses), ALSO))
        self._far = Far(settings.url, Bearer(settings.token.get_secret_value()))
        self._tasks = f"/crm/objects/{settings.version}/tasks"
        self._key = settings.columns.named("task")

    def put(self, work: Work, known: Known | None) -> Outcome:
        """See `Connector`."""
        found = self._look(work)
        if isinstance(found, Later | Refused):
            return found
        if found is None:
            return self._write(work, {})
        fields = found.properties
        changed = self._form.changed(fields, self._remote(found), fields.get(STATUS), known)
        return changed or self._write(work, fields)

    def requests(self, work: Work) -> Sequence[Request]:
        """See `Connector`."""
        return [shown(self._looking(work)), shown(self._writing(work))]

    def reads_as(self, status: Status) -> Status:
        """See `Connector`."""
        return self._form.reads_as(status)

    def check(self) -> Put | Later | Refused:
        """See `Connector`: tasks have our properties, and the key has unique values."""
        path = f"/crm/properties/{self._settings.version}/tasks"
        answer = self._far.send(self._far.request("GET", path))
        if not isinstance(answer, httpx.Response):
            return answer
        told = parsed(answer, api.Properties)
        if isinstance(told, Later):
            return told
        unique = {each.name: each.unique for each in told.results}
        if missing := sorted({STATUS, CHANGED, *OWN, *self._settings.columns.all()} - set(unique)):
            return Refused(f"no_property_{missing[0]}")
        return Put("") if unique[self._key] else Refused("key_not_unique")

    def changes(self, cursor: str | None, now: datetime) -> Changes | Later | Refused:
        """See `Connector`. Its clock decides when something changed."""
        place = api.place(cursor, now)
        answer = self._far.send(self._search(place))
        if not isinstance(answer, httpx.Response):
            return answer
        found = parsed(answer, api.Found)
        if isinstance(found, Later):
            return found
        to = place.next(found, far_now(answer) or now)
        read = read_each(found.results, self._read, self._whose)
        more = found.after is not None
        return Changes(read.items, to.model_dump_json(), more, read.unread)

    def _read(self, record: Any) -> Remote | None:
        return self._remote(api.Record.model_validate(record))

    def _whose(self, record: Any) -> UUID | None:
        return self._form.key(record["properties"])

    def _search(self, place: api.Place) -> httpx.Request:
        since = str(int(place.since.timestamp() * 1000))
        filters = [
            {"propertyName": CHANGED, "operator": "GTE", "value": since},
            {"propertyName": self._key, "operator": "HAS_PROPERTY"},
        ]
        asked = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": CHANGED, "direction": "ASCENDING"}],
            "properties": [STATUS, *self._settings.columns.read()],
            "limit": self._settings.page,
        } | ({"after": place.after} if place.after else {})
        return self._far.request("POST", f"{self._tasks}/search", json=asked)

    def _looking(self, work: Work) -> httpx.Request:
        properties = ",".join([STATUS, *self._settings.columns.read()])
        params = {"idProperty": self._key, "properties": properties}
        return self._far.request("GET", f"{self._tasks}/{work.task}", params=params)

    def _look(self, work: Work) -> Found:
        answer = self._far.send(self._looking(work), also={codes.NOT_FOUND})
        if not isinstance(answer, httpx.Response):
            return answer
        return None if answer.status_code == codes.NOT_FOUND else parsed(answer, api.Record)

    def _writing(self, work: Work) -> httpx.Request:
        row = {"idProperty": self._key, "id": str(work.task), "properties": self._told(work)}
        return self._far.request("POST", f"{self._tasks}/batch/upsert", json={"inputs": [row]})

    def _write(self, work: Work, before: Mapping[str, Any]) -> Outcome:
        answer = self._far.send(self._writing(work), also={codes.MULTI_STATUS})
        if not isinstance(answer, httpx.Response):
            return answer
        batch = parsed(answer, api.Batch)
        if isinstance(batch, Later):
            return batch
        if batch.wrong or batch.errors or len(batch.results) != 1:
            return Later("not_written") if batch.passes else Refused("not_written")
        (record,) = batch.results
        key = {self._key: str(work.task)}
        fields = {**before, **key, **self._told(work), **record.properties}
        remote = self._form.remote(fields, fields.get(STATUS), record.id, record.changed)
        return Put(record.id, remote.version if remote else None)

    def _told(self, work: Work) -> dict[str, str]:
        fields: dict[str, Any] = {
            STATUS: self._form.words.there[work.status],
            **dict(zip(OWN, _own(work), strict=True)),
            **self._form.told(work),
        }
        return {name: _text(value) for name, value in fields.items()}

    def _remote(self, record: api.Record) -> Remote | None:
        fields = record.properties
        return self._form.remote(fields, fields.get(STATUS), record.id, record.changed)


def _own(work: Work) -> Sequence[str]:
    due = f"{work.due_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return subject(work), body(work)[:TEXT], PRIORITY.get(work.priority, "LOW"), "TODO", due


def _text(value: Any) -> str:
    """Return a value as it is told; an empty text clears."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def build(table: Table) -> HubSpot:
    """Return the connector. Raises ValidationError."""
    return HubSpot(api.Settings.model_validate(table))


KIND: Final = Kind(
    "hubspot",
    "HubSpot",
    build,
    "a local double that behaves as HubSpot's API reference says; never an account",
)
