"""Addresses in answers. A link to the next page is sealed: what was sought is in no log.

It holds what was asked, and where the page ends; only whoever asked can follow it.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request

from gateway.access.desk import desk
from gateway.access.site_key import KeyMissing
from gateway.api.paging import WrongCursor
from gateway.fhir.ask import Pairs

PAGE = "_page"
PURPOSE = "fhir page"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which search a page begins."""

    pairs: Pairs
    after: Sequence[str]


def base_of(request: Request) -> str:
    """Return the address of the facade."""
    return f"{desk(request).settings.console_origin}/fhir"


def self_link(request: Request, type_: str, used: Pairs) -> str:
    """Return the address of this search, of what of it was understood."""
    return f"{base_of(request)}/{type_}" + (f"?{urlencode(used)}" if used else "")


def next_link(request: Request, type_: str, who: UUID, place: Place) -> str:
    """Return the address of the next page."""
    text = json.dumps([type_, list(place.pairs), list(place.after)], separators=(",", ":"))
    sealed = desk(request).key.seal(who, text, PURPOSE)
    opaque = urlsafe_b64encode(sealed).decode().rstrip("=")
    return f"{base_of(request)}/{type_}?{PAGE}={opaque}"


def read_place(request: Request, type_: str, who: UUID, given: str) -> Place:
    """Return where a page begins. Raises WrongCursor."""
    try:
        sealed = urlsafe_b64decode(given + "==")
        told: list[Any] = json.loads(desk(request).key.unseal(who, sealed, PURPOSE))
    except (ValueError, KeyMissing):
        raise WrongCursor from None
    if told[0] != type_:
        raise WrongCursor
    return Place([(name, value) for name, value in told[1]], told[2])
