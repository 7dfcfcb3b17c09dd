"""The gateway's error tree: the docstring is the message; status and code are fixed."""

from typing import ClassVar


class GatewayError(Exception):
    """The gateway could not do this."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "gateway_error"

    def __init__(self, detail: str = "") -> None:
        self.parts = tuple(filter(None, ((self.__doc__ or "").strip(), detail)))
        """Sentences, each of which has its translation."""
        super().__init__(" ".join(self.parts))


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


class AuthorityUnavailable(ConnectionLost):
    """The certificate authority does not answer."""

    code = "authority_unavailable"


class AuthorityRefused(GatewayError):
    """The certificate authority did not certify what was asked."""

    status, code = 502, "authority_refused"


class RequestRefused(WrongInput):
    """This certificate request cannot be granted."""

    code = "request_refused"


class Refused(GatewayError):
    """The gateway does not know this hub, or does not know it any more."""

    status, code = 403, "refused"


class TokenRefused(Refused):
    """This invitation cannot be used; ask for a new one."""

    code = "token_refused"


class NotConfirmed(Conflict):
    """The technician has not confirmed this hub's six digits yet."""

    code = "not_confirmed"


class WrongDigits(WrongInput):
    """These are not the six digits of the hub that enrolled."""

    code = "wrong_digits"


class NotSignedIn(GatewayError):
    """Sign in first."""

    status, code = 401, "not_signed_in"


class Forbidden(GatewayError):
    """Your role does not allow this; an administrator of your organisation can change it."""

    status, code = 403, "forbidden"


class Changed(GatewayError):
    """Somebody changed this in the meantime; look at it again, then decide."""

    status, code = 412, "changed"
