"""Runs many scenarios on one gateway: side by side what shares it, alone what strikes it."""

import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Final

from simulators.programs import ProgramFailed
from simulators.scenarios.events import Events
from simulators.scenarios.loading import Loaded
from simulators.scenarios.running import Failure, Result, Run
from simulators.scenarios.ward import Ward
from simulators.site import Gateway, free_port

READY_WITHIN_S: Final = 60.0


class Runner:
    """A gateway that scenarios run on."""

    def __init__(self, gateway: Gateway, events: Events) -> None:
        self._gateway, self._events = gateway, events
        self._naming = threading.Lock()

    def run(self, loaded: Loaded, anchor: datetime, speed: float = 1.0) -> Result:
        """Run one scenario."""
        folder = self._folder(loaded.path.stem)
        ward = Ward(self._gateway, self._events, folder, speed)
        try:
            return Run(self._gateway, ward, loaded, anchor, speed).run()
        except ProgramFailed as error:
            failure = Failure(0, "every program runs", str(error))
            return Result(loaded, (failure,), 0, 0, 0.0)

    def _folder(self, name: str) -> Path:
        """Return a folder of that name, numbered where the same scenario ran before."""
        homes = self._gateway.folder / "homes"
        names = (name if number == 1 else f"{name}-{number}" for number in count(1))
        with self._naming:
            folder = next(homes / one for one in names if not (homes / one).exists())
            folder.mkdir(parents=True)
        return folder

    def run_all(
        self,
        scenarios: Sequence[Loaded],
        anchor: datetime,
        speed: float,
        jobs: int,
        tell: Callable[[Result], None],
    ) -> list[Result]:
        """Run all and return their results in the order given; `tell` hears each as it comes."""

        def run(loaded: Loaded) -> Result:
            result = self.run(loaded, anchor, speed)
            tell(result)
            return result

        done: dict[Path, Result] = {}
        with ThreadPoolExecutor(jobs) as pool:
            for result in pool.map(run, [one for one in scenarios if not one.scenario.alone]):
                done[result.loaded.path] = result
        for loaded in scenarios:
            if loaded.scenario.alone:
                done[loaded.path] = run(loaded)
        return [done[loaded.path] for loaded in scenarios]


@contextmanager
def runner(folder: Path | None = None) -> Iterator[Runner]:
    """Start a gateway in a folder that is kept, or in one that is not. Raises ProgramFailed."""
    with ExitStack() as over:
        if folder is None:
            temporary = tempfile.TemporaryDirectory(prefix="hearthline-run-")
            folder = Path(over.enter_context(temporary))
        gateway = Gateway(folder, free_port())
        gateway.call("migrate")
        over.callback(gateway.program.stop)
        gateway.program.start()
        gateway.wait_until_ready(READY_WITHIN_S)
        events = Events(gateway)
        over.callback(events.stop)
        events.start()
        yield Runner(gateway, events)
