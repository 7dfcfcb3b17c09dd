"""When a certificate is due for renewal. No IO."""

import hashlib
from datetime import datetime, timedelta
from typing import Final

# At two thirds of its life at the latest, so that of 7 days more than 2 are left for a gateway
# that is away; spread over the twentieth before, so that hubs made on one day do not come at once.
LATEST: Final = 2 / 3
SPREAD: Final = 1 / 20


def due_at(not_before: datetime, not_after: datetime, serial: int) -> datetime:
    """Return when to renew. The serial number is the chance: it stays the same over restarts."""
    digest = hashlib.sha256(f"{serial:x}".encode("ascii")).digest()
    chance = int.from_bytes(digest[:8]) / 2**64
    life: timedelta = not_after - not_before
    return not_before + life * (LATEST - SPREAD * chance)
