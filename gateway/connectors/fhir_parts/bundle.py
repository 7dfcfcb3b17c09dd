"""Transactions that leave one of each resource there, whatever is sent how often.

What changes is updated by its identifier, what does not is created unless it is there: conditional
update and conditional create of https://hl7.org/fhir/R4/http.html.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from uuid import UUID, uuid5

import httpx
import msgspec

from gateway.connectors.fhir_parts.codes import Json

CHANGING: Final = frozenset({"DetectedIssue", "Flag"})
NAMED: Final = frozenset({"Task", "DetectedIssue", "Device"})
"""Their identifiers are UUIDs, and no two of them have the same."""
FHIR_JSON: Final = "application/fhir+json"
_URNS: Final = UUID("0b7fd7b0-6f0b-4f0e-9f0f-2b1d9f3a6f55")
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def encoded(resource: Json) -> bytes:
    """Return it as JSON in which 36.50 stays 36.50 (https://hl7.org/fhir/R4/datatypes.html)."""
    return _ENCODER.encode(resource)


def urn(resource: Json) -> str:
    """Return how other resources of the same Bundle call it: always the same."""
    kind, identifier = resource["resourceType"], resource["identifier"][0]
    if kind in NAMED:
        return f"urn:uuid:{identifier['value']}"
    return uuid5(_URNS, f"{kind}|{identifier['system']}|{identifier['value']}").urn


def search(identifier: Json) -> str:
    """Return the search that finds what has it and nothing else."""
    return f"identifier={quote(identifier['system'], '')}%7C{quote(identifier['value'], '')}"


def entry(resource: Json, version: str | None = None) -> Json:
    """Return a resource as an entry; one with an id is updated, if it still has that version."""
    kind, found = resource["resourceType"], search(resource["identifier"][0])
    request: Json = {"method": "POST", "url": kind, "ifNoneExist": found}
    if "id" in resource:
        request = {"method": "PUT", "url": f"{kind}/{resource['id']}"} | if_match(version)
    elif kind in CHANGING:
        request = {"method": "PUT", "url": f"{kind}?{found}"}
    return {"fullUrl": urn(resource), "resource": resource, "request": request}


def if_match(version: str | None) -> Json:
    """Return the condition that nobody has changed it since."""
    return {"ifMatch": f'W/"{version}"'} if version else {}


def transaction(entries: Sequence[Json]) -> Json:
    """Return a Bundle of which all is done or nothing."""
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def content(answer: httpx.Response) -> Json | None:
    """Return the resource of an answer; None where there is none."""
    try:
        found = answer.json()
    except ValueError:
        return None
    return found if isinstance(found, dict) and "resourceType" in found else None


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a resource: 201 it was created, 200 it was there, or updated."""

    status: str
    id: str
    version: str | None


def written(answer: httpx.Response, name: str = "") -> Written | None:
    """Return what a transaction has done with its last entry. `name` is its id, if it had one."""
    last = ((content(answer) or {}).get("entry") or [{}])[-1]
    said = last.get("response", {})
    told = said.get("location", ""), said.get("etag", "")
    return _written(said.get("status", "")[:3], *told, last.get("resource", {}), name)


def statuses(answer: httpx.Response) -> Sequence[int]:
    """Return what became of each entry. Not all who are asked for all or nothing do it so."""
    entries = (content(answer) or {}).get("entry", ())
    told = [each.get("response", {}).get("status", "")[:3] for each in entries]
    return [int(status) for status in told if status.isdecimal()]


def written_alone(answer: httpx.Response, name: str = "") -> Written | None:
    """Return what was done with a resource that was sent by itself."""
    told = answer.headers.get("Location", ""), answer.headers.get("ETag", "")
    resource = content(answer) or {}
    resource = resource if resource.get("resourceType") == "Task" else {}
    return _written(str(answer.status_code), *told, resource, name)


def version(resource: Json) -> str | None:
    """Return the version of a resource."""
    found = resource.get("meta", {}).get("versionId")
    return str(found) if found else None


def _written(status: str, location: str, etag: str, resource: Json, known: str) -> Written | None:
    """Read it from wherever a server says it; of an update it need not say where that is."""
    place, _, history = location.rstrip("/").partition("/_history/")
    name = resource.get("id") or place.rpartition("/")[2] or known
    tagged = etag.removeprefix("W/").strip('"')
    told = version(resource) or tagged or history
    return Written(status, name, told or None) if name and status else None
