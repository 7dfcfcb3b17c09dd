"""Microsoft Dataverse (Dynamics 365): a row for a task, by an alternate key.

| ours | `statecode`/`statuscode` of a task | and back |
|---|---|---|
| requested | 0/2 Not Started | requested |
| accepted, in-progress | 0/3 In Progress | what we said last, else in-progress |
| on-hold | 0/4 Waiting on someone else | on-hold; so is 0/7 Deferred |
| completed | 1/5 Completed | completed |
| cancelled, entered-in-error | 2/6 Canceled | what we said last, else cancelled |

Every write is conditional: `If-None-Match: *` makes a row, `If-Match` with its @odata.etag changes
it, so nothing that a person did is written over; 412 is answered by `Changed`. No race remains but
after a lost answer, where the row is taken for our own if its state is. A version is the etag,
which the answer to a write has (`Prefer: return=representation`). What changed is asked for by
`modifiedon`: change tracking would begin with every row of the table, and cannot be filtered.
https://learn.microsoft.com/power-apps/developer/data-platform/webapi/update-delete-entities-using-web-api
https://learn.microsoft.com/power-apps/developer/data-platform/webapi/perform-conditional-operations-using-web-api
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from httpx import codes

from alerting.model import Severity
from gateway.care.moves import Status
from gateway.connectors import Kind, Table
from gateway.connectors.crm import dataverse_api as api
from gateway.connectors.crm.form import Form, Words
from gateway.connectors.http import Far, far_now, parsed, shown
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
    Status.REQUESTED: "0/2",
    Status.ACCEPTED: "0/3",
    Status.IN_PROGRESS: "0/3",
    Status.ON_HOLD: "0/4",
    Status.COMPLETED: "1/5",
    Status.CANCELLED: "2/6",
    Status.ENTERED_IN_ERROR: "2/6",
}
PRIORITY: Final = {Severity.P1: 2, Severity.P2: 2, Severity.P3: 1}
SUBJECT, TEXT = 200, 2000
OWN: Final = ("subject", "description", "prioritycode", "scheduledend", "statecode", "statuscode")
ODATA: Final = {"OData-Version": "4.0", "OData-MaxVersion": "4.0", "Accept": "application/json"}
MISSED: Final = frozenset({codes.NOT_FOUND, codes.PRECONDITION_FAILED})
Settings = api.Settings
Found = api.Row | Later | Refused | None


class Dataverse:
    """See `Connector`."""

    def __init__(self, settings: api.Settings) -> None:
        self._settings = settings
        words = Words(WORDS | dict(settings.statuses), {"0/7": Status.ON_HOLD})
        self._form = Form(settings.columns, words)
        self._far = Far(settings.url, settings.auth(), ODATA)
        self._data = f"/api/data/{settings.api}"
        self._key = settings.columns.named("task")
        self._columns = [settings.id, "modifiedon", *OWN, *settings.columns.all()]

    def put(self, work: Work, known: Known | None) -> Outcome:
        """See `Connector`."""
        if known is not None and known.version is not None:
            answer = self._far.send(self._writing(work, {"If-Match": known.version}), MISSED)
            if not isinstance(answer, httpx.Response):
                return answer
            if answer.status_code == codes.PRECONDITION_FAILED:
                return self._overtaken(work)
            if answer.status_code != codes.NOT_FOUND:
                return self._done(work, answer)
        return self._create(work)

    def requests(self, work: Work) -> Sequence[Request]:
        """See `Connector`. A row that is to be closed from its beginning may take a second one."""
        return [shown(self._creating(work))]

    def reads_as(self, status: Status) -> Status:
        """See `Connector`."""
        return self._form.reads_as(status)

    def check(self) -> Put | Later | Refused:
        """See `Connector`: the table has our columns, and an active key of the task's id."""
        params = {"$select": ",".join(self._columns), "$top": "1"}
        request = self._far.request("GET", self._rows, params=params)
        seen = self._far.send(request, also={codes.BAD_REQUEST})
        if not isinstance(seen, httpx.Response):
            return seen
        if seen.status_code == codes.BAD_REQUEST:
            return Refused("columns_missing")
        path = f"{self._data}/EntityDefinitions(LogicalName='{self._settings.table}')/Keys"
        answer = self._far.send(self._far.request("GET", path))
        keys = parsed(answer, api.Keys) if isinstance(answer, httpx.Response) else answer
        if not isinstance(keys, api.Keys):
            return keys
        states = [each.state for each in keys.value if each.columns == [self._key]]
        return Put("") if "Active" in states else Refused("key_not_active")

    def changes(self, cursor: str | None, now: datetime) -> Changes | Later | Refused:
        """See `Connector`. Its clock decides when something changed."""
        place = api.place(cursor, now)
        answer = self._far.send(self._asking(place))
        if not isinstance(answer, httpx.Response):
            return answer
        rows = parsed(answer, api.Rows)
        if isinstance(rows, Later):
            return rows
        to = place.next(self._settings.url, rows, far_now(answer) or now)
        if to is None:
            return Later("not_understood")
        read = read_each(rows.value, self._read, self._form.key)
        more = rows.next is not None
        return Changes(read.items, to.model_dump_json(), more, read.unread)

    def _read(self, row: Any) -> Remote | None:
        return self._remote(api.Row.model_validate(row))

    def _asking(self, place: api.Place) -> httpx.Request:
        headers = {"Prefer": f"odata.maxpagesize={self._settings.page}"}
        if place.page:
            return self._far.request("GET", place.page, headers=headers)
        since = f"{place.since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        params = {
            "$select": ",".join(self._columns),
            "$filter": f"modifiedon ge {since} and {self._key} ne null",
            "$orderby": "modifiedon asc",
        }
        return self._far.request("GET", self._rows, params=params, headers=headers)

    @property
    def _rows(self) -> str:
        return f"{self._data}/{self._settings.rows}"

    def _row(self, work: Work) -> str:
        return f"{self._rows}({self._key}='{work.task}')"

    def _look(self, work: Work) -> Found:
        params = {"$select": ",".join(self._columns)}
        request = self._far.request("GET", self._row(work), params=params)
        answer = self._far.send(request, also={codes.NOT_FOUND})
        if not isinstance(answer, httpx.Response):
            return answer
        return None if answer.status_code == codes.NOT_FOUND else parsed(answer, api.Row)

    def _writing(self, work: Work, condition: Mapping[str, str]) -> httpx.Request:
        headers = {"Prefer": "return=representation", **condition}
        params = {"$select": ",".join(self._columns)}
        told = self._told(work)
        return self._far.request(
            "PATCH", self._row(work), params=params, json=told, headers=headers
        )

    def _creating(self, work: Work) -> httpx.Request:
        return self._writing(work, {"If-None-Match": "*"})

    def _create(self, work: Work) -> Outcome:
        answer = self._far.send(self._creating(work), also={codes.PRECONDITION_FAILED})
        if not isinstance(answer, httpx.Response):
            return answer
        if answer.status_code != codes.PRECONDITION_FAILED:
            return self._done(work, answer)
        found = self._look(work)
        if not isinstance(found, api.Row):
            return found or Later("gone")
        changed = self._form.changed(found.fields, self._remote(found), found.word, None)
        return changed or self._change(work, found)

    def _change(self, work: Work, found: api.Row) -> Outcome:
        answer = self._far.send(self._writing(work, {"If-Match": found.etag}), MISSED)
        if not isinstance(answer, httpx.Response):
            return answer
        return self._overtaken(work) if answer.status_code in MISSED else self._done(work, answer)

    def _overtaken(self, work: Work) -> Outcome:
        """Say who was faster: a person, or we ourselves, where a request arrived twice."""
        found = self._look(work)
        if not isinstance(found, api.Row):
            return found or Later("gone")
        remote = self._remote(found)
        put = Put(str(found.fields[self._settings.id]), found.etag)
        return self._form.overtaken(remote, put, self._told(work), found.fields)

    def _done(self, work: Work, answer: httpx.Response) -> Outcome:
        """Return the version that was made; a row may begin open only, and is closed then."""
        row = parsed(answer, api.Row)
        if isinstance(row, Later):
            return row
        if row.word != self._form.words.there[work.status] and answer.status_code == codes.CREATED:
            return self._change(work, row)
        return Put(str(row.fields[self._settings.id]), row.etag)

    def _told(self, work: Work) -> dict[str, Any]:
        state, status = self._form.words.there[work.status].split("/")
        due = f"{work.due_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        told = [subject(work)[:SUBJECT], body(work)[:TEXT], PRIORITY.get(work.priority, 0), due]
        own = dict(zip(OWN, [*told, int(state), int(status)], strict=True))
        return own | self._form.told(work)

    def _remote(self, row: api.Row) -> Remote | None:
        remote_id = str(row.fields[self._settings.id])
        remote = self._form.remote(row.fields, row.word, remote_id, row.changed)
        return replace(remote, version=row.etag) if remote else None


def build(table: Table) -> Dataverse:
    """Return the connector. Raises ValidationError."""
    return Dataverse(api.Settings.model_validate(table))


KIND: Final = Kind(
    "dataverse",
    "Microsoft Dataverse (Dynamics 365)",
    build,
    "a local double that behaves as Microsoft's Web API reference says; never an environment",
)
