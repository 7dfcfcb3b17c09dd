"""Which of a hub's sequence numbers are accounted for, and the receipt that says so."""

from collections.abc import Sequence
from uuid import UUID

from device_profiles.wire.v1 import MAX_BITMAP, Receipt

Span = tuple[int, int]  # first and last, both included


def receipt(
    hub: UUID, epoch: int, accounted: Sequence[Span], quarantined: Sequence[int]
) -> Receipt:
    """Return the receipt for sorted, disjoint spans of accounted sequence numbers."""
    high_water = accounted[0][1] if accounted and accounted[0][0] <= 1 else 0
    reach = high_water + 8 * MAX_BITMAP
    above = frozenset(
        seq
        for first, last in accounted
        if last > high_water
        for seq in range(max(first, high_water + 1), min(last, reach) + 1)
    )
    return Receipt(hub, epoch, high_water, above, tuple(quarantined))
