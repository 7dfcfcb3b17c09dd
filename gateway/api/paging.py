"""Pages of long lists: `?limit=&cursor=`. A cursor says after which row the next page begins.

It is opaque to programs, and tells nobody anything: it goes into addresses and into logs.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from json import dumps
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError

from alerting.model import Severity
from gateway.errors import WrongInput

T = TypeVar("T")
Row = TypeVar("Row")

Limit = Annotated[int, Query(ge=1, le=200, description="At most so many items.")]
Cursor = Annotated[
    str | None,
    Query(max_length=400, description="`next` of the page before; without: the first page."),
]


class WrongCursor(WrongInput):
    """This cursor is of another list, or of none; begin with the first page."""

    code: ClassVar[str] = "wrong_cursor"


class Page(BaseModel, Generic[T]):
    """A part of a list. Ask for the rest by `cursor`, until `next` is null."""

    items: list[T]
    next: Annotated[str | None, Field(examples=["WyIyMDI2LTExLTIyVDA5OjMwOjAwWiJd"])] = None


_Id = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
BY_ID: TypeAdapter[tuple[str]] = TypeAdapter(tuple[_Id])
BY_TIME: TypeAdapter[tuple[Any, str]] = TypeAdapter(tuple[AwareDatetime, _Id])
BY_URGENCY: TypeAdapter[tuple[Severity, Any, str]] = TypeAdapter(
    tuple[Severity, AwareDatetime, _Id]
)


def read_cursor(cursor: str | None, kind: TypeAdapter[Any]) -> Sequence[Any] | None:
    """Return after what the page begins. Raises WrongCursor."""
    if cursor is None:
        return None
    try:
        found: Sequence[Any] = kind.validate_json(urlsafe_b64decode(cursor + "=="))
    except (ValidationError, ValueError):
        raise WrongCursor from None
    return found


def page_of(
    rows: Sequence[Row], limit: int, place: Callable[[Row], Sequence[str]]
) -> tuple[Sequence[Row], str | None]:
    """Return a page and the cursor of the next; `rows` has one more than the page, if there are."""
    if len(rows) <= limit:
        return rows, None
    kept = rows[:limit]
    text = dumps(list(place(kept[-1])), separators=(",", ":"))
    return kept, urlsafe_b64encode(text.encode()).decode().rstrip("=")
