"""Import of patients from a CSV file: looked at first, then all of them or none."""

from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import APIRouter, File, Form, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.care.contact_ways import language_names
from gateway.care.import_patients import COLUMNS, MOST, NEEDED, Plan, carry_out, plan, template_file
from gateway.errors import Conflict
from gateway.storage.consents import By
from gateway.web.answers import is_part
from gateway.web.templates import page

SHOWN: Final = 200

router = APIRouter(include_in_schema=False)
Writer = Annotated[Call, needs(Right.PATIENTS_WRITE)]


class OtherFile(Conflict):
    """This is not the file that was looked at; look at it again first."""


@router.get("/register/import")
def ask(call: Writer, request: Request) -> HTMLResponse:
    """Ask for the file."""
    return _page(call, request)


@router.get("/register/import/template.csv")
def give_template(call: Writer) -> Response:
    """Give a file with all columns."""
    call.audit("patient.template")
    named = {"content-disposition": 'attachment; filename="patients.csv"'}
    return Response(template_file(), media_type="text/csv; charset=utf-8", headers=named)


@router.post("/register/import")
def bring(
    call: Writer,
    request: Request,
    file: Annotated[UploadFile, File()],
    seen: Annotated[str, Form(max_length=64)] = "",
) -> HTMLResponse:
    """Look at the file; import it where it is the one that was looked at before."""
    octets = file.file.read()
    digest = sha256(octets).hexdigest()
    defaults = {"timezone": call.who.zone, "language": call.who.language.split("-")[0]}
    planned = plan(call.connection, call.who.organisation, octets, call.now.date(), defaults)
    call.audit("patient.import_look", lines=planned.read, problems=len(planned.problems))
    if not seen or not planned.fits:
        return _page(call, request, planned, digest=digest)
    if seen != digest:
        raise OtherFile
    by = By(call.who.name, call.who.id)
    made = carry_out(call.connection, call.who.organisation, planned, by, call.now)
    for patient in made:
        call.audit("patient.import", patient=patient)
    return _page(call, request, planned, imported=len(made))


def _page(call: Call, request: Request, planned: Plan | None = None, **more: Any) -> HTMLResponse:
    language = call.who.language.split("-")[0]
    return page(
        request,
        "import_result.html" if is_part(request) else "import_patients.html",
        call.who,
        plan=planned,
        shown=SHOWN,
        columns=COLUMNS,
        needed=NEEDED,
        most=MOST,
        language_name=language_names(language).get(language, language),
        **{"digest": "", "imported": 0, **more},
    )
