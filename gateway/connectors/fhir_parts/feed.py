"""What changed at a FHIR server since it was last asked, by the server's own clock.

`_lastUpdated` has no order within a moment, and a transaction may be seen later than it says, so
each question begins a while before the one before it; what was told already is not told again.

Whoever is changed while pages are read moves to the end, and a server that counts pages by tasks
(Medplum's `_offset`) would pass others over. So where answers are in the order of `_lastUpdated`,
the next question begins where a page ended, and no page is turned.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import httpx
from pydantic import AwareDatetime, BaseModel, ValidationError

from gateway.connectors.fhir_parts.bundle import content
from gateway.connectors.fhir_parts.codes import Json, instant, moment
from gateway.connectors.http import Far, far_now
from gateway.connectors.ports import Changes, Later, Refused, Remote
from gateway.connectors.records import YEARS, read_each

OVERLAP: Final = timedelta(minutes=5)
"""A clock there that is set back by less loses nothing."""
PAGE: Final = 50
GONE: Final = frozenset({404, 410})
FRESH: Final = {"Cache-Control": "no-cache", "Accept": "application/fhir+json"}
"""HAPI answers the same question from memory for a minute: https://hapifhir.io, Search, Caching."""


class Place(BaseModel, extra="forbid"):
    """The cursor. `since` is asked for; `began` will be, once every page was read."""

    since: AwareDatetime
    told: Mapping[str, str] = {}
    """Ids and versions of what was changed after `since`."""
    began: AwareDatetime | None = None
    next: str | None = None
    telling: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Feed:
    """Asks one server for tasks. `query` chooses ours if it can; `read` makes one of a resource."""

    far: Far
    query: str
    read: Callable[[Json, datetime], Remote | None]
    key: Callable[[Json], UUID | None]
    is_sorted: bool = False
    """Whether the server does what `_sort` says."""

    def changes(self, cursor: str | None, now: datetime) -> Changes | Later | Refused:
        """See Connector: one page of what changed."""
        place = _place(cursor)
        path = place.next if place and place.next else self._question(place)
        answer = self.far.send(self.far.request("GET", path, headers=FRESH), also=GONE)
        if not isinstance(answer, httpx.Response):
            return answer
        if answer.status_code in GONE:
            return self._anew(place, answer)
        bundle = content(answer)
        if bundle is None or bundle["resourceType"] != "Bundle":
            return Later("not_understood")
        there = far_now(answer) or now
        if place is None:
            return Changes([], Place(since=there - OVERLAP).model_dump_json(), more=True)
        return self._page(place, bundle, there)

    def _question(self, place: Place | None) -> str:
        """Without a place, ask what time it is there."""
        asked = [self.query] if self.query else []
        if place is None:
            return "/Task?" + "&".join([*asked, "_count=1"])
        since = quote(f"ge{instant(place.since)}", "")
        asked += [f"_lastUpdated={since}", "_sort=_lastUpdated", f"_count={PAGE}"]
        return "/Task?" + "&".join(asked)

    def _anew(self, place: Place | None, answer: httpx.Response) -> Changes | Refused:
        """A server forgets the pages of a search after a while: ask again from its beginning."""
        if place is None or place.next is None:
            return Refused(f"http_{answer.status_code}")
        again = Place(since=place.since, told=place.told)
        return Changes([], again.model_dump_json(), more=True)

    def _page(self, place: Place, bundle: Json, there: datetime) -> Changes | Refused:
        began = place.began or there - OVERLAP
        found = read_each(_tasks(bundle), lambda task: self.read(task, there), self.key)
        remotes, unread = found.items, found.unread
        items = [each for each in remotes if place.told.get(each.remote_id) != _version(each)]
        recent = {each.remote_id: _version(each) for each in remotes if each.changed_at >= began}
        telling = {**place.telling, **recent}
        following = self._following(bundle)
        if isinstance(following, Refused):
            return following
        if following is None:
            last = Place(since=began, told=telling).model_dump_json()
            return Changes(items, last, unread=unread)
        so_far = _last(bundle) if self.is_sorted else None
        if so_far is None or so_far <= place.since:
            new = {"began": began, "next": following, "telling": telling}
            onward = place.model_copy(update=new)
        else:
            there_yet = {e.remote_id: _version(e) for e in remotes if e.changed_at >= so_far}
            told = {**place.told, **there_yet}
            onward = Place(since=so_far, told=told, began=began, telling=telling)
        return Changes(items, onward.model_dump_json(), more=True, unread=unread)

    def _following(self, bundle: Json) -> str | Refused | None:
        """Return the next page, as a path. Secrets go to no other server, whatever a link says."""
        links = [each for each in bundle.get("link", ()) if each.get("relation") == "next"]
        url = str(links[0].get("url", "")) if links else ""
        path = url.removeprefix(self.far.base)
        if path != url and path[:1] in ("/", "?"):
            return path
        return Refused("next_page_is_elsewhere") if url else None


def _tasks(bundle: Json) -> Sequence[Any]:
    """Return the tasks, and what is no resource at all."""
    entries = bundle.get("entry") or ()
    found = [each.get("resource") if isinstance(each, dict) else each for each in entries]
    resources = [each for each in found if each is not None]
    return [e for e in resources if not isinstance(e, dict) or e.get("resourceType") == "Task"]


def _last(bundle: Json) -> datetime | None:
    """Return when the last of a page was changed; None where the page is in no order of time."""
    times = [at for at in map(_updated, _tasks(bundle)) if at is not None]
    return times[-1] if times and times == sorted(times) else None


def _updated(task: Any) -> datetime | None:
    meta = task.get("meta") if isinstance(task, dict) else None
    at = moment(meta.get("lastUpdated")) if isinstance(meta, dict) else None
    return at if at is not None and at.year in YEARS else None


def _version(remote: Remote) -> str:
    return remote.version or remote.changed_at.isoformat()


def _place(cursor: str | None) -> Place | None:
    try:
        return Place.model_validate_json(cursor) if cursor else None
    except ValidationError:
        return None
