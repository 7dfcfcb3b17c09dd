"""What goes wrong at `/fhir` besides what goes wrong everywhere."""

from typing import ClassVar, Final

from gateway.errors import Forbidden, GatewayError, WrongInput


class WrongValue(WrongInput):
    """A value of a search parameter has not the form that the parameter needs."""

    code = "wrong_value"


class NotSupported(WrongInput):
    """This is not supported here; /fhir/metadata says what is."""

    code: ClassVar[str] = "not_supported"


class NotAcceptable(GatewayError):
    """Only JSON is spoken here: accept application/fhir+json."""

    status, code = 406, "not_acceptable"


class Unprocessable(WrongInput):
    """This resource cannot be taken as it is."""

    status, code = 422, "unprocessable"


class ScopeMissing(Forbidden):
    """The token has not the scope for this."""

    code = "scope_missing"


class ExportFailed(GatewayError):
    """The export could not be written; ask for it again, or tell who runs the gateway."""

    status, code = 500, "export_failed"


class NoRoom(GatewayError):
    """There is too little room on the gateway's disk for an export; ask who runs it, then again."""

    status, code = 507, "export_no_room"


class ExportClosed(Forbidden):
    """The record of somebody in this export was closed to you since; delete it, and ask again."""

    code = "export_closed"


class TooMany(GatewayError):
    """There are too many of yours already; wait for one to end, or delete one."""

    status, code = 429, "too_many"
    headers: Final = {"Retry-After": "60"}
