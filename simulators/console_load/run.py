"""A whole run: a gateway with its console, a full clinic, people signed in, how long pages took."""

import asyncio
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import httpx

from simulators.alerting_load.seen import database_url
from simulators.console_load.fill import Clinic, fill
from simulators.console_load.people import Seen, look
from simulators.fleet.report import spread
from simulators.fleet.usage import spent, usage
from simulators.programs import ProgramFailed
from simulators.site import Gateway, free_port

LIMIT_MS: Final = 100.0
READY_WITHIN_S: Final = 90.0
# What people keep open, and look at again and again.
WORKLISTS: Final = (
    "/worklist",
    "/worklist?queue=adherence",
    "/worklist?priority=P1",
    "/worklist?whose=nobody",
)
SPANS: Final = ("7d", "30d", "90d", "1y", "3y")


@dataclass(frozen=True, slots=True)
class Load:
    """How many look, for how long, at how much."""

    people: int
    seconds: float
    tasks: int
    years: int


def run(load: Load, tell: Callable[[str], None]) -> dict[str, Any]:
    """Run it and return the figures. Raises ProgramFailed where it cannot be measured."""
    with ExitStack() as running:
        folder = running.enter_context(tempfile.TemporaryDirectory(prefix="hearthline-console-"))
        gateway = Gateway(Path(folder), free_port(), console_port=free_port())
        gateway.environment["HEARTHLINE_DEMO_SIGN_IN"] = "true"
        tell("starting a gateway")
        gateway.call("migrate")
        running.callback(gateway.program.stop)
        gateway.program.start()
        gateway.wait_until_ready(READY_WITHIN_S)
        tell(f"writing {load.tasks} tasks and {load.years} years of readings")
        organisation = UUID(gateway.call("organisation", "add", "Load clinic")["id"])
        patient = fill(
            database_url(gateway),
            Clinic(organisation, load.tasks, max(1, load.tasks // 5), load.years),
            (uuid4(), uuid4()),
        )
        origin = f"http://localhost:{gateway.environment['HEARTHLINE_CONSOLE_PORT']}"
        cookies = _sign_in(gateway, organisation, origin, load.people)
        pages = {
            "worklist": list(WORKLISTS),
            "patient": [f"/patients/{patient}"],
            "charts": [f"/patients/{patient}/charts?span={span}" for span in SPANS],
        }
        tell(f"{load.people} people look for {load.seconds:.0f} s")
        asyncio.run(look(origin, cookies[:2], pages, 5.0))  # whatever is done once only
        before = usage(gateway)
        seen = asyncio.run(look(origin, cookies, pages, load.seconds))
        return _figures(load, seen) | {
            "load_average": os.getloadavg()[0],
            "processes": spent(before, usage(gateway)),
        }


def _sign_in(
    gateway: Gateway, organisation: UUID, origin: str, people: int
) -> list[dict[str, str]]:
    """Return the headers of so many sessions. Raises ProgramFailed."""
    told = gateway.call("user", "demo", "--organisation", str(organisation))
    form = {"email": told["people"]["clinician"], "password": told["password"]}
    cookies = []
    with httpx.Client(base_url=origin, headers={"Origin": origin}, timeout=60) as browser:
        for _ in range(people):
            answer = browser.post("/sign-in", data=form)
            if "set-cookie" not in answer.headers:
                raise ProgramFailed(f"The console lets nobody in ({answer.status_code}).")
            cookies.append({"Cookie": answer.headers["set-cookie"].partition(";")[0]})
            browser.cookies.clear()
    return cookies


def _figures(load: Load, seen: Seen) -> dict[str, Any]:
    everything = [ms for took in seen.took.values() for ms in took]
    if not everything:
        raise ProgramFailed("Nobody saw a page.")
    pages = {f"{kind}_ms": spread(took) for kind, took in sorted(seen.took.items())}
    problems = [f"{count} x {what}" for what, count in seen.wrong.items()]
    problems += [
        f"{kind}: p95 {told['p95']} ms, limit {LIMIT_MS}"
        for kind, told in pages.items()
        if told["p95"] > LIMIT_MS
    ]
    return {
        "people": load.people,
        "tasks": load.tasks,
        "readings_of_the_patient": load.years * 365 * 4,
        "requests_per_s": round(len(everything) / load.seconds, 1),
        **pages,
        "p95_limit_ms": LIMIT_MS,
        "problems": problems,
    }
