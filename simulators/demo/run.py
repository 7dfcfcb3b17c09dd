"""The whole product on one machine: homes, a gateway, real programs, and what they did."""

import json
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from rich.console import Console

from simulators.demo.residents import ZONE, file_of, residents
from simulators.demo.state import DemoState, load, now_to_the_second, port_of_the_console
from simulators.demo.summary import Summary, count_taken, summarise
from simulators.demo.waiting import LINE, METER, MODEL, NAME, WaitingHome
from simulators.demo.watching import Watching
from simulators.programs import ProgramFailed
from simulators.site import Gateway, Home, Resident, free_port

FINISH_WITHIN_S: Final = 100.0
BROKER_WITHIN_S: Final = 60.0


class Demo:
    """One run in `folder`, where an earlier one may have left its database."""

    def __init__(self, folder: Path, recordings: Path | None, console: Console | None) -> None:
        self._recordings = recordings
        self._source = "recordings" if self._recordings else "virtual patients"
        self._folder = folder / self._source.split()[0]
        self._console = console

    def run(self, *, once: bool) -> Summary:
        """Run to the end, or until Ctrl-C. Raises ProgramFailed where a program does not start."""
        state, gateway, people = self._prepare(once)
        homes = [Home(self._home_folder(person.name), state.hubs[person.name]) for person in people]
        watching = Watching(gateway, self._console)
        with ExitStack() as running:
            running.callback(gateway.program.stop)
            with self._busy("Starting database, broker, ingest, worker and console"):
                gateway.program.start()
                gateway.wait_until_ready(BROKER_WITHIN_S)
            running.callback(watching.stop)
            watching.start()
            before = sum(gateway.call("custody", home.hub)["stored"] for home in homes)
            for home in homes:
                running.callback(home.stop)
                home.start_radio()
                home.start_agent()
            planned = sum(len(d.measurements) for person in people for d in person.home.devices)
            self._say(f"{planned} measurements are under way; Ctrl-C ends the demo.")
            watching.wait_for(
                lambda new: count_taken(homes) == planned <= before + new, FINISH_WITHIN_S
            )
            summary = summarise(
                gateway, homes, self._source, watching.stored_ms, watching.evaluated_ms
            )
            if not once:
                waiting = WaitingHome(self._home_folder(NAME), gateway)
                running.callback(waiting.stop)
                self._stay(state, gateway, homes, summary, waiting)
        return summary

    def _prepare(self, once: bool) -> tuple[DemoState, Gateway, list[Resident]]:
        state = load(self._folder)
        anchor = datetime.fromisoformat(state.anchor) if state else now_to_the_second()
        people = residents(self._recordings, anchor)
        self._introduce()
        gateway = Gateway(self._folder, state.port if state else free_port())
        if state is None:
            with self._busy("Making keys, certificates and the schema; registering two homes"):
                state = self._register(gateway, people, anchor)
        if not once:  # nobody looks
            gateway.environment |= {
                "HEARTHLINE_API_PORT": str(state.api_port),
                "HEARTHLINE_CONSOLE_PORT": str(state.console_port),
                "HEARTHLINE_DEMO_SIGN_IN": "true",
            }
        return state, gateway, people

    def _register(self, gateway: Gateway, people: list[Resident], anchor: datetime) -> DemoState:
        earliest = min(
            m.device_time for p in people for d in p.home.devices for m in d.measurements
        )
        since = earliest - timedelta(days=1)
        homes = gateway.register(people, since)
        waiting = WaitingHome(self._home_folder(NAME), gateway)
        waiting.register(file_of(LINE, anchor), ZONE)
        gateway.call("user", "demo", "--organisation", gateway.organisation, "--timezone", ZONE)
        hubs = {person.name: home.hub for person, home in zip(people, homes, strict=True)}
        port = int(gateway.environment["HEARTHLINE_BROKER_PORT"])
        state = DemoState(port, anchor.isoformat(), hubs, free_port(), port_of_the_console())
        state.save(self._folder)
        return state

    def _home_folder(self, name: str) -> Path:
        return self._folder / "homes" / name.lower().replace(" ", "-")

    def _introduce(self) -> None:
        self._say("[bold]Hearthline demo[/]: two homes, a gateway, real programs, demo people.")
        if self._recordings:
            self._say(f"The devices replay real measurements from {self._recordings}.")
        else:
            self._say("No recordings found (--recordings DIR): seeded virtual patients stand in.")

    def _stay(
        self,
        state: DemoState,
        gateway: Gateway,
        homes: Sequence[Home],
        summary: Summary,
        waiting: WaitingHome,
    ) -> None:
        settings = " ".join(f"{name}={value}" for name, value in gateway.environment.items())
        self._say(json.dumps(summary.as_dict(), indent=1))
        self._say("\nThe console, with demo people to sign in as:")
        self._say(f"  [bold]http://localhost:{state.console_port}[/]")
        self._say(f"\n{NAME} waits for a hub: as Tess Technician, Install. Be the box with")
        self._say(f"  {waiting.box()}")
        self._say(f"and pair {METER}, {MODEL}: box and meter are switched on then.")
        self._say("\nOr look around in another terminal:")
        for command in ("tasks list", "readings", "trace READING", f"custody {homes[0].hub}"):
            self._say(f"  {settings} .venv/bin/hearthline-gateway {command}")
        try:
            while gateway.program.running:
                waiting.look(ZONE)
                time.sleep(0.5)
        except KeyboardInterrupt:
            return
        raise ProgramFailed(f"The gateway ended: {gateway.program.last_words()}")

    def _busy(self, what: str) -> AbstractContextManager[object]:
        if self._console is None:
            return nullcontext()
        return self._console.status(f"{what} ...")

    def _say(self, text: str) -> None:
        if self._console is not None:
            self._console.print(text, highlight=False, soft_wrap=True)
