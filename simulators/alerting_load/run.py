"""A whole run: a gateway with a hundred rules, a fleet beside it, how long each task took."""

import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from simulators.alerting_load.readings import Person
from simulators.alerting_load.rules import rules, write_pack
from simulators.alerting_load.seen import Seen, database_url
from simulators.fleet.drive import Fleet, Progress
from simulators.fleet.report import Plan, spread
from simulators.fleet.run import DRAIN_WITHIN_S, EVALUATED_WITHIN_S, LOOK_EVERY_S, loaded
from simulators.fleet.usage import spent, usage
from simulators.programs import ProgramFailed
from simulators.site import Gateway

# Of the earlier days of each patient, so that rules over days have something to judge.
WARM_UP_RATE: Final = 150.0
LIMITS_MS: Final = {"p95": 1000.0, "p99": 5000.0}


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked: besides the fleet's plan, the share that breaks a rule, and past days."""

    plan: Plan
    share: float
    days: int


def run(load: Load, tell: Progress) -> dict[str, Any]:
    """Run it and return the figures. Raises ProgramFailed where it cannot be measured."""
    plan = load.plan
    people = [Person(n, plan.seed, load.days, load.share) for n in range(plan.hubs)]
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="hearthline-load-")))
        write_pack(folder / "packs")
        more = {"HEARTHLINE_PACKS": str(folder / "packs")}
        gateway, fleet = running.enter_context(loaded(plan, tell, folder, people, more))
        _warm_up(gateway, fleet, load, tell)
        before, began = usage(gateway), os.getloadavg()[0]
        seen = running.enter_context(Seen(database_url(gateway)))
        fleet.measure(plan.readings, plan.rate, plan.seed)
        processes = spent(before, usage(gateway))
        _settle(gateway, fleet, tell)
        told = _figures(load, fleet, seen, people)
        return told | {"load_average": [began, os.getloadavg()[0]], "processes": processes}


def _warm_up(gateway: Gateway, fleet: Fleet, load: Load, tell: Progress) -> None:
    """Let everybody have measured once a day; it is over when all of it is evaluated."""
    for day in range(load.days, 0, -1):
        for hub in fleet.hubs:
            hub.lead = timedelta(days=day)
        fleet.measure(load.plan.hubs, WARM_UP_RATE, load.plan.seed)
    for hub in fleet.hubs:
        hub.lead = timedelta()
    _settle(gateway, fleet, tell)


def _settle(gateway: Gateway, fleet: Fleet, tell: Progress) -> None:
    """Wait until everything is receipted and evaluated. Raises ProgramFailed."""
    fleet.drain(DRAIN_WITHIN_S)
    end = time.monotonic() + EVALUATED_WITHIN_S
    while waiting := gateway.call("custody")["waiting"]:
        if time.monotonic() > end:
            raise ProgramFailed(f"{waiting} readings are not evaluated.")
        tell("evaluate", 0, waiting)
        time.sleep(LOOK_EVERY_S)
    if fleet.waiting:
        raise ProgramFailed(f"{fleet.waiting} readings have no receipt.")


def _figures(load: Load, fleet: Fleet, seen: Seen, people: Sequence[Person]) -> dict[str, Any]:
    delays = {name: spread(found) for name, found in seen.delays().items()}
    received, broken, pace = delays["received"], sum(each.broken for each in people), fleet.pace
    over = [
        f"{name} {received[name]:g} ms" for name in LIMITS_MS if received[name] > LIMITS_MS[name]
    ]
    lost = [f"{broken} broke a rule, {seen.caught()} are in alerts"]
    return {
        "hubs": load.plan.hubs,
        "rules": len(rules()),
        "rate_asked": load.plan.rate,
        "rate_sent": round(load.plan.readings / max(pace.end - pace.start, 1e-9), 1),
        "readings": load.plan.readings,
        "broke_a_rule": broken,
        "tasks": len(seen.delays()["received"]),
        "received_to_task_ms": received,
        "received_to_task_limits_ms": LIMITS_MS,
        "stored_to_task_ms": delays["stored"],
        "sent_to_receipt_ms": spread([delay * 1000 for delay in fleet.counts.delays_s]),
        "problems": over + (lost if seen.caught() != broken else []),
    }
