"""What two people may edit carries an ETag; who changes it says by If-Match what they have seen.

The tag is of what people decide on, not of every word: new evidence on a task takes away nobody's
right to take it.
"""

from hashlib import sha256
from json import dumps
from typing import Annotated, Any, ClassVar

from fastapi import Header

from gateway.errors import Changed, GatewayError

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=400,
        description="The ETag of what you have seen. Without it: 428.",
        examples=['"5f2b9c0e8d7a4b16"'],
    ),
]


class IfMatchMissing(GatewayError):
    """Say by If-Match what you have seen: the ETag of the last answer."""

    status: ClassVar[int] = 428
    code: ClassVar[str] = "if_match_missing"


def etag(*state: Any) -> str:
    """Return the tag of a state."""
    text = dumps([None if each is None else str(each) for each in state])
    return f'"{sha256(text.encode()).hexdigest()[:16]}"'


def must_match(given: str | None, now: str) -> None:
    """Raise IfMatchMissing or Changed (RFC 9110, 13.1.1)."""
    if given is None:
        raise IfMatchMissing
    if given.strip() != "*" and now not in (each.strip() for each in given.split(",")):
        raise Changed
