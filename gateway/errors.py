"""The gateway's error tree: the docstring is the message; status and code are fixed."""

from typing import ClassVar


class GatewayError(Exception):
    """The gateway could not do this."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "gateway_error"

    def __init__(self, detail: str = "") -> None:
        super().__init__(" ".join(filter(None, ((self.__doc__ or "").strip(), detail))))


class WrongInput(GatewayError):
    """This cannot be used as it is."""

    status, code = 400, "wrong_input"


class NotFound(GatewayError):
    """There is no such thing here."""

    status, code = 404, "not_found"


class Conflict(GatewayError):
    """This contradicts what is stored already."""

    status, code = 409, "conflict"


class AlreadyAssigned(Conflict):
    """This device, or this slot of it, belongs to a patient already in that time."""

    code = "already_assigned"


class ConnectionLost(GatewayError):
    """A part that this program needs is away; it is tried again."""

    status, code = 503, "connection_lost"


class StorageUnavailable(ConnectionLost):
    """The database does not answer."""

    code = "storage_unavailable"


class SchemaMissing(GatewayError):
    """The database has not the schema of this version; run `hearthline-gateway migrate` first."""

    code = "schema_missing"


class BrokerUnavailable(ConnectionLost):
    """The broker does not answer."""

    code = "broker_unavailable"
