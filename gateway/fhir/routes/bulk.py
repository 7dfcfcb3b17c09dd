"""Bulk Data Access 2: ask for an export, see how far it is, fetch its files, delete it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from gateway.access.desk import desk
from gateway.api.call import Call
from gateway.errors import NotFound
from gateway.fhir.dates import FORM, span
from gateway.fhir.doors import asks_any, readable
from gateway.fhir.errors import (
    ExportClosed,
    ExportFailed,
    NoRoom,
    NotSupported,
    ScopeMissing,
    TooMany,
    WrongValue,
)
from gateway.fhir.export import FOLDER, patients_of
from gateway.fhir.links import base_of
from gateway.fhir.outcome import issue
from gateway.fhir.registry import RESOURCES
from gateway.fhir.resource import as_uuid, instant
from gateway.fhir.room import need_room
from gateway.fhir.write import answer
from gateway.storage.closed import open_ones
from gateway.storage.fhir_exports import ask_export, cancel_export, exports_alive, find_export

router = APIRouter(prefix="/fhir", include_in_schema=False)

Asks = Annotated[Call, asks_any()]
NDJSON: Final = "application/fhir+ndjson"
FORMATS: Final = frozenset({NDJSON, "application/ndjson", "ndjson"})
KNOWN: Final = frozenset({"_outputFormat", "_since", "_type"})
# What lies in the compartment of patients; devices are asked for by name, or by the whole system.
OF_PATIENTS: Final = tuple(type_ for type_ in RESOURCES if not type_.startswith("Device"))
MOST: Final = 5
LOOK_AGAIN_S: Final = 5


@router.get("/$export")
def export(request: Request, call: Asks) -> Response:
    """Begin an export of the whole organisation."""
    return _begin(request, call, tuple(RESOURCES))


@router.get("/Patient/$export")
def export_patients(request: Request, call: Asks) -> Response:
    """Begin an export of all patients."""
    return _begin(request, call, OF_PATIENTS)


@router.get("/bulk/{export}")
def status(request: Request, export: str, call: Asks) -> Response:
    """Say how far it is, and in the end where its files are."""
    row = _find(call, export)
    if row["state"] == "failed":
        raise NoRoom if row["error"] == NoRoom.code else ExportFailed
    if row["state"] == "waiting":
        told = {"x-progress": row["progress"] or "waiting", "retry-after": str(LOOK_AGAIN_S)}
        return Response(status_code=202, headers=told)
    where = f"{base_of(request)}/bulk/{export}"
    output = [
        {"type": each["type"], "url": f"{where}/{each['file']}", "count": each["count"]}
        for each in row["files"]
    ]
    manifest = {
        "transactionTime": instant(row["until"]),
        "request": row["request"],
        "requiresAccessToken": True,
        "output": output,
        "error": [],
    }
    ends = format_datetime(row["next_action_at"], usegmt=True)
    return JSONResponse(manifest, headers={"expires": ends})


@router.delete("/bulk/{export}")
def delete(export: str, call: Asks) -> Response:
    """End it, whatever it has come to; its files are deleted within moments."""
    found = as_uuid(export)
    if found is None or not cancel_export(call.connection, found, call.who.id, call.now):
        raise NotFound("There is no such export of yours.")
    call.audit("fhir.export-end", subject=("export", export))
    return answer(issue("informational", "It is ended.", "information"), 202)


@router.get("/bulk/{export}/{file}")
def download(request: Request, export: str, file: str, call: Asks) -> Response:
    """Give a file of it."""
    row = _find(call, export)
    each = next((each for each in row["files"] if each["file"] == file), None)
    folder = desk(request).settings.home / FOLDER / str(row["id"])
    if each is None or not (folder / file).is_file():
        raise NotFound("There is no such file of yours.")
    if not readable(call.who, [each["type"]]):
        raise ScopeMissing
    inside = patients_of(folder)
    if len(open_ones(call.connection, inside, call.who.id, call.now)) < len(inside):
        raise ExportClosed
    call.audit("fhir.download", subject=("export", export), type=each["type"])
    return FileResponse(folder / file, media_type=NDJSON)


def _find(call: Call, export: str) -> dict[str, Any]:
    found = as_uuid(export)
    row = find_export(call.connection, found, call.who.id) if found else None
    if row is None:
        raise NotFound("There is no such export of yours.")
    return row


def _begin(request: Request, call: Call, offered: tuple[str, ...]) -> Response:
    prefer = ", ".join(request.headers.getlist("prefer")).lower()
    if "respond-async" not in prefer:
        raise NotSupported("An export is asked for with `Prefer: respond-async`.")
    given = request.query_params
    if set(given) - KNOWN - ({*given} if "handling=lenient" in prefer else set()):
        raise NotSupported("An export takes `_type`, `_since` and `_outputFormat` only.")
    if given.get("_outputFormat", NDJSON).replace(" ", "+") not in FORMATS:
        raise NotSupported("An export is NDJSON.")
    types, since = _types(call, given.getlist("_type"), offered), _since(given)
    if exports_alive(call.connection, call.who.id) >= MOST:
        raise TooMany
    at = desk(request).settings
    need_room(at.home, at.fhir_export_leaves_mb)
    known = [(name, value) for name, value in given.multi_items() if name in KNOWN]
    asked = base_of(request) + request.url.path.removeprefix("/fhir")
    asked += f"?{urlencode(known)}" if known else ""
    id_ = ask_export(call.connection, call.who, asked, types, since, call.now)
    call.audit("fhir.export", subject=("export", str(id_)), types=types)
    where = {"content-location": f"{base_of(request)}/bulk/{id_}"}
    said = issue("informational", "It is being written.", "information")
    return answer(said, 202, where)


def _types(call: Call, given: Sequence[str], offered: tuple[str, ...]) -> list[str]:
    """Return what is exported: what was named, all of which must be allowed, or all that is."""
    if not given:
        return readable(call.who, offered)
    named = list(dict.fromkeys(each for each in ",".join(given).split(",") if each))
    if not named or not set(named) <= set(RESOURCES):
        raise NotSupported("There is no such resource.")
    if readable(call.who, named) != named:
        raise ScopeMissing
    return named


def _since(given: Mapping[str, str]) -> datetime | None:
    if "_since" not in given:
        return None
    found = FORM.fullmatch(given["_since"].replace(" ", "+"))
    if found is None or found[1] or not found[5]:
        raise WrongValue("`_since` is as 2026-11-22T09:30:00Z.")
    return span(*found.groups()[1:])[0]
