"""A gateway under load: garbage in the stream blocks nobody, and a database that stands still
costs neither memory nor a reading."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.parts import go_on, pause
from tests.fixtures.garbage import Garbage
from tests.fixtures.load import Load, Peaks, load
from tests.fixtures.promises import Keep
from tests.fixtures.whole_site import seed

LIMIT_MB = 512


@pytest.fixture(scope="module")
def small() -> Iterator[Load]:
    """One gateway for the short forms, which ask for nothing that the other would not."""
    with tempfile.TemporaryDirectory() as folder, load(Path(folder), hubs=6) as running:
        yield running


@pytest.mark.slow
def test_garbage_is_in_quarantine_and_all_else_is_stored(small: Load, promise: Keep) -> None:
    garbage, fleet = Garbage(seed()), small.fleet
    fleet.measure(280, 200, 1, lambda n, hub, line: None if n % 5 else garbage.publish(hub, line))
    fleet.drain(60)
    assert fleet.waiting == 0
    account, quarantined = small.account(), small.quarantined()
    assert quarantined == garbage.published
    assert (account.stored + small.held(), account.missing_count) == (fleet.counts.sent, 0)
    reasons = Counter(quarantined.values())
    promise("garbage", good=fleet.counts.sent, lost=0, garbage=len(quarantined), **reasons)


def away(running: Load, rate: float, seconds: float) -> dict[str, float]:
    """Let the database stand still for so long under load; return what was counted."""
    fleet = running.fleet
    before = fleet.counts.sent
    with Peaks(running.gateway) as peaks:
        pause(running.gateway, "database")
        try:
            fleet.measure(int(rate * seconds), rate, 1)
        finally:
            go_on(running.gateway, "database")
        waited = fleet.waiting
        fleet.drain(1200)
    account, held = running.account(), running.held()
    return {
        "readings": fleet.counts.sent - before,
        "without_receipt_when_it_came_back": waited,
        "without_receipt_at_the_end": fleet.waiting,
        "lost": fleet.counts.sent - account.stored - held + account.missing_count,
        "held_as_implausible": held,
        "sent_again": fleet.counts.sent_again,
        "drained_s": round(fleet.counts.last_receipt - fleet.pace.end, 1),
        **{f"{name}_mb": most for name, most in sorted(peaks.mb.items()) if name != "fleet"},
    }


@pytest.mark.slow
def test_while_the_database_stands_still_nothing_is_lost(small: Load, promise: Keep) -> None:
    figures = away(small, rate=60, seconds=4)
    promise("database-away", **figures)
    assert figures["readings"] == 240
    assert figures["lost"] == figures["without_receipt_at_the_end"] == 0
    assert figures["ingest_mb"] < LIMIT_MB


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_the_database_stands_still_for_ten_minutes(promise: Keep) -> None:
    with tempfile.TemporaryDirectory() as folder, load(Path(folder), hubs=1000) as running:
        figures = away(running, rate=200, seconds=600)
    promise("database-away", **figures, limit_mb=LIMIT_MB)
    assert figures["readings"] == 120_000
    assert figures["lost"] == figures["without_receipt_at_the_end"] == 0
    assert figures["ingest_mb"] < LIMIT_MB
