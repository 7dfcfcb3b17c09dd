"""Whether the hub's clock can be believed: a Pi has no clock of its own and starts in the past."""

from datetime import datetime
from enum import StrEnum


class Trust(StrEnum):
    """What the owner says about the clock; a simulator's container cannot ask its kernel."""

    YES = "true"
    NO = "false"
    AUTO = "auto"


def trusted(trust: Trust, *, synchronised: bool, now: datetime, floor: datetime) -> bool:
    """Say whether `now` can be believed. It can't be earlier than what has happened already."""
    if trust is not Trust.AUTO:
        return trust is Trust.YES
    return synchronised and now >= floor
