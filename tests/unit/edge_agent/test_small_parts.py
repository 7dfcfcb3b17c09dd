"""Allow-list, clock, ranges: the small pure parts."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.registry import PROFILES
from device_profiles.wire.hub_file import PairedDevice
from edge_agent.core.allow_list import Allowed, AllowList
from edge_agent.core.clock_state import Trust, trusted
from edge_agent.spool import ranges

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ADDRESS = "C0:FF:EE:00:00:01"
CUFF = Allowed(
    PairedDevice(id=UUID(int=1), address=ADDRESS, profile="generic_cuff"),
    PROFILES["generic_cuff"],
)


def test_devices_are_found_by_address_and_by_path() -> None:
    allow_list = AllowList([CUFF])
    assert allow_list.get(ADDRESS.lower()) is CUFF
    assert allow_list.at_path("/org/bluez/hci0/dev_C0_FF_EE_00_00_01") is CUFF
    assert allow_list.at_path("/org/bluez/hci0/dev_C0_FF_EE_00_00_01/service0001") is CUFF
    for path in ("/org/bluez/hci0/dev_C0_FF_EE_00_00_02", "/org/bluez/hci0", "", "C0_FF"):
        assert allow_list.at_path(path) is None


@pytest.mark.parametrize(
    ("trust", "synchronised", "ahead_s", "believed"),
    [
        (Trust.YES, False, -1, True),
        (Trust.NO, True, 1, False),
        (Trust.AUTO, True, 0, True),
        (Trust.AUTO, False, 1, False),
        (Trust.AUTO, True, -1, False),  # earlier than what has happened already
    ],
)
def test_a_clock_is_believed_when_somebody_set_it_and_it_is_possible(
    trust: Trust, synchronised: bool, ahead_s: int, believed: bool
) -> None:
    now = NOW + timedelta(seconds=ahead_s)
    assert trusted(trust, synchronised=synchronised, now=now, floor=NOW) is believed


@given(st.sets(st.integers(min_value=1, max_value=60)))
def test_ranges_hold_the_same_numbers_in_order(numbers: set[int]) -> None:
    spans = ranges.of(numbers)
    assert [n for first, last in spans for n in range(first, last + 1)] == sorted(numbers)
    assert all(a[1] + 1 < b[0] for a, b in pairwise(spans))
    assert ranges.merge((*spans, *spans)) == spans
