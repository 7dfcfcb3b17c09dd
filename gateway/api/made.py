"""What is answered where something was made, and in whose name."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from gateway.api.call import Call
from gateway.storage.contacts import Author


class Made(BaseModel):
    """The id of what was made."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": "b740de37-7e8a-4009-8ca0-ef77433601fe"}]}
    )

    id: UUID


class Done(BaseModel):
    """It was done."""

    done: bool = True


def author(call: Call) -> Author:
    """Return who asks, as what is written down names them."""
    return Author(id=call.who.id, name=call.who.name)
