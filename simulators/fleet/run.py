"""A whole run: a gateway of its own in a temporary folder, the fleet beside it, the account."""

import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from simulators.fleet.drive import Fleet, Progress
from simulators.fleet.home import read_home, registration
from simulators.fleet.hub import Counts, FleetHub
from simulators.fleet.readings import samples_of, series
from simulators.fleet.report import Backlog, Plan, Report
from simulators.fleet.usage import spent, usage
from simulators.programs import ProgramFailed
from simulators.sample import Sample
from simulators.site import Gateway, free_port

READY_WITHIN_S: Final = 90.0
SHARDS: Final = 16
# What has no receipt after so long after the end is missing.
DRAIN_WITHIN_S: Final = 60.0
EVALUATED_WITHIN_S: Final = 300.0
LOOK_EVERY_S: Final = 2.0
# Before any measurement, whichever clock stamps it.
BELONGS_SINCE: Final = timedelta(days=30)


def run(plan: Plan, tell: Progress, keep: Path | None = None) -> Report:
    """Run it and return what it showed. Raises ProgramFailed where a program does not start."""
    with ExitStack() as running:
        temporary = tempfile.TemporaryDirectory(prefix="hearthline-fleet-")
        folder = keep or Path(running.enter_context(temporary))
        gateway, fleet = running.enter_context(loaded(plan, tell, folder))
        before = usage(gateway)
        fleet.measure(plan.readings, plan.rate, plan.seed)
        fleet.drain(DRAIN_WITHIN_S)
        processes = spent(before, usage(gateway))
        account, backlog = _evaluated(gateway, tell)
        return Report(plan, fleet.counts, fleet.pace, processes, backlog, account)


@contextmanager
def loaded(
    plan: Plan,
    tell: Progress,
    folder: Path,
    people: Sequence[Iterator[Sample]] | None = None,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[tuple[Gateway, Fleet]]:
    """Run a gateway in `folder`, with all hubs connected. Raises ProgramFailed.

    `people` are one for each hub, instead of virtual patients.
    """
    with ExitStack() as running:
        gateway = Gateway(folder, free_port())
        gateway.environment.update(settings)
        tell("register", 0, plan.hubs)
        folders = _register(gateway, plan)
        running.callback(gateway.program.stop)
        gateway.program.start()
        gateway.wait_until_ready(READY_WITHIN_S)
        wait_for_ingest(gateway)
        fleet = Fleet(Counts(), tell)
        running.callback(fleet.close)
        fleet.connect(_hubs(plan, folders, fleet.counts, people or _people(plan)))
        yield gateway, fleet


def _register(gateway: Gateway, plan: Plan) -> list[Path]:
    since = datetime.now(UTC) - BELONGS_SINCE
    told = registration(plan.hubs, plan.suite, since.isoformat())
    file, out = gateway.folder / "fleet.json", gateway.folder / "hubs"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(told))
    gateway.call("migrate")
    gateway.call("register", str(file), "--out", str(out))
    return [out / home["name"] for home in told["homes"]]


def wait_for_ingest(gateway: Gateway) -> None:
    """Wait until ingest hears every shard; what is sent before would be sent again."""
    end = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < end:
        lines = gateway.program.log.read_text(errors="replace").splitlines()
        if sum('"ingest_connected"' in line for line in lines) >= SHARDS:
            return
        time.sleep(0.1)
    raise ProgramFailed(f"Ingest does not hear all shards: {gateway.program.last_words()}")


def _people(plan: Plan) -> list[Iterator[Sample]]:
    all_series = series(plan.seed, plan.hubs)
    return [samples_of(all_series, number) for number in range(plan.hubs)]


def _hubs(
    plan: Plan, folders: list[Path], counts: Counts, people: Sequence[Iterator[Sample]]
) -> list[FleetHub]:
    # Where a hub measures more often than once a second, its stamps must begin earlier.
    lead = timedelta(seconds=max(0.0, plan.readings / plan.hubs - plan.seconds))
    return [
        FleetHub(read_home(folder), person, counts, lead)
        for folder, person in zip(folders, people, strict=True)
    ]


def _evaluated(gateway: Gateway, tell: Progress) -> tuple[dict[str, Any], Backlog]:
    """Wait until nothing waits for its evaluation; return the gateway's account, and how long."""
    started = time.monotonic()
    account = gateway.call("custody")
    first = account["waiting"]
    while account["waiting"] and time.monotonic() - started < EVALUATED_WITHIN_S:
        tell("evaluate", first - account["waiting"], first)
        time.sleep(LOOK_EVERY_S)
        account = gateway.call("custody")
    took = round(time.monotonic() - started, 1) if first else 0.0
    return account, Backlog(first, None if account["waiting"] else took)
