"""How often somebody may try to sign in. Counted in the database: all processes count together."""

from ipaddress import IPv6Network, ip_address
from typing import Final

import structlog
from starlette.requests import Request

from gateway.access.desk import Desk
from gateway.errors import GatewayError
from gateway.storage.doorway import TRIES_WITHIN, count_try, sweep

# Of one account; of one address, behind which a whole clinic may be.
OF_ACCOUNT: Final = 10
OF_ADDRESS: Final = 100

log = structlog.get_logger()


class TooManyTries(GatewayError):
    """Too many tries; wait a quarter of an hour, or ask an administrator for a new link."""

    status, code = 429, "too_many_tries"
    headers: Final = {"Retry-After": str(int(TRIES_WITHIN.total_seconds()))}


def begin_try(desk: Desk, request: Request, account: str) -> int:
    """Count a try, before it is looked at. Raises TooManyTries, whoever it was and does exist."""
    known = desk.key.digest("account", account.strip().lower())
    place = desk.key.digest("address", _network(address(request)))
    with desk.pools.of_access() as connection:
        now = desk.now()
        number, of_account, of_address = count_try(connection, known, place, now)
        if number % 100 == 0:
            sweep(connection, now)
    if of_account > OF_ACCOUNT or of_address > OF_ADDRESS:
        log.warning("security", action="sign-in.limited")
        raise TooManyTries
    return number


def address(request: Request) -> str:
    """Return where a request comes from."""
    return request.client.host if request.client else ""


def _network(host: str) -> str:
    """Return whose it is: of IPv6 everybody has a /64, with more addresses than can be counted."""
    try:
        found = ip_address(host)
    except ValueError:
        return host
    if found.version == 4:
        return host
    return str(found.ipv4_mapped or IPv6Network((int(found), 64), strict=False))
