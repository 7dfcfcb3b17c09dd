"""What one per cent of garbage costs: rounds with and without it, in turn, on one gateway.

Each round lets a stream wait at the broker and then times how ingest works it off: the fleet has
done its part by then. Seconds say something on a machine that does nothing else; the processor's
time, of all who take part, always does.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

import simulators.fleet.hub
from simulators.fleet.usage import usage
from simulators.parts import Part, go_on, pause
from tests.fixtures.garbage import Garbage
from tests.fixtures.load import Load, load
from tests.fixtures.promises import Keep
from tests.fixtures.whole_site import seed, wait_for

HUBS = 200
GOOD = HUBS * simulators.fleet.hub.WINDOW
ONE_IN = 100
PAIRS = 10
PARTS = ("ingest", "postgres", "broker")
QUIET = 3.0  # load on 2 processors, this test's own included


@contextmanager
def paused(running: Load, *parts: Part) -> Iterator[None]:
    for part in parts:
        pause(running.gateway, part)
    try:
        yield
    finally:
        for part in parts:
            go_on(running.gateway, part)


def work_off(running: Load, garbage: Garbage, with_it: bool) -> dict[str, float]:
    """Let a stream wait, then work it off; return readings a second, and microseconds of each."""
    fleet, number = running.fleet, len(garbage.published)
    with paused(running, "ingest"):
        fleet.measure(
            GOOD,
            GOOD / 4,
            1,
            lambda n, hub, line: (
                garbage.publish(hub, line) if with_it and n % (ONE_IN - 1) == 0 else None
            ),
        )
        assert fleet.counts.sent_again == 0
        before = usage(running.gateway)
        started = time.monotonic()
    good = fleet.waiting
    fleet.drain(300)
    assert fleet.waiting == 0
    wait_for(lambda: len(running.quarantined()) == len(garbage.published), "all is in quarantine")
    after = usage(running.gateway)
    spent = {part: (after[part].cpu_s - before[part].cpu_s) * 1e6 / good for part in PARTS}
    spent["cpu_us"] = sum(spent.values())
    rate = good / (fleet.counts.last_receipt - started)
    return {"rate": rate, "garbage": len(garbage.published) - number, "good": good, **spent}


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_one_per_cent_of_garbage_costs_less_than_five(
    promise: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What waits here waits on purpose: sent again, it would be other messages in each round.
    monkeypatch.setattr(simulators.fleet.hub, "RESEND_FIRST_S", 3600.0)
    garbage = Garbage(seed())
    rounds: dict[bool, list[dict[str, float]]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as folder, load(Path(folder), HUBS) as running:
        with paused(running, "worker"):
            work_off(running, garbage, with_it=False)  # caches, first connections
            for pair in range(PAIRS):
                for with_it in (pair % 2 == 0, pair % 2 == 1):
                    rounds[with_it].append(work_off(running, garbage, with_it))
                    print(with_it, rounds[with_it][-1])
        account, quarantined = running.account(), running.quarantined()
        held = running.held()
        sent = running.fleet.counts.sent
    clean, mixed = (_medians(rounds[one]) for one in (False, True))
    cost = {
        "throughput_lost_percent": round(100 * (1 - mixed["rate"] / clean["rate"]), 1),
        "cpu_more_percent": round(100 * (mixed["cpu_us"] / clean["cpu_us"] - 1), 1),
        "load": round(os.getloadavg()[1], 1),
    }
    told = {"rounds": 2 * PAIRS, "good": sent, "garbage": len(quarantined), **clean}
    told |= {f"{name}_with_garbage": number for name, number in mixed.items()}
    promise("garbage", **told, **cost, limit_percent=5)
    assert quarantined == garbage.published
    assert (account.stored + held, account.missing_count) == (sent, 0)
    assert cost["cpu_more_percent"] < 5
    assert cost["throughput_lost_percent"] < 5 or cost["load"] > QUIET


def _medians(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    names = ("rate", "cpu_us", *PARTS)
    return {name: round(statistics.median(one[name] for one in rounds), 1) for name in names}
