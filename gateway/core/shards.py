"""The shards of a site: the last digit of a hub's UUID, so that several ingests can share work."""

from typing import Final
from uuid import UUID, uuid4

SHARDS: Final = "0123456789abcdef"


def new_hub_id() -> UUID:
    """Return a random UUID: its last digit, the shard, is as random as the rest."""
    return uuid4()
