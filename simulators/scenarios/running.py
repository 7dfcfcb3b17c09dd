"""Runs one scenario on a gateway: homes live, faults strike, expectations are judged."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from simulators.programs import ProgramFailed
from simulators.scenarios.expectations.expectation import Seen
from simulators.scenarios.expectations.problem import Problem
from simulators.scenarios.expectations.waiting import Waiting
from simulators.scenarios.faults import FAULTS
from simulators.scenarios.file import Faulted
from simulators.scenarios.loading import Loaded
from simulators.scenarios.planning import plans
from simulators.scenarios.ward import Ward
from simulators.site import Gateway

# So long nothing may happen before it is over: what comes twice comes soon after.
QUIET_S: Final = 1.5
LOOK_EVERY_S: Final = 0.2
# For what the faults of a scenario delay, beyond the limits of its expectations.
ACCOUNT_WITHIN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that does not hold; `line` is its place in the file, 0 for none."""

    line: int
    wanted: str
    seen: str


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one scenario; `failures` is empty where all is as expected."""

    loaded: Loaded
    failures: tuple[Failure, ...]
    taken: int
    stored: int
    lasted_s: float

    @property
    def ok(self) -> bool:
        """Say whether everything is as expected."""
        return not self.failures


class Run:
    """One run of a scenario. `anchor` is the start in its devices' clocks."""

    def __init__(
        self, gateway: Gateway, ward: Ward, loaded: Loaded, anchor: datetime, speed: float
    ) -> None:
        self._gateway, self._ward, self._loaded = gateway, ward, loaded
        self._scenario = loaded.scenario
        self._anchor, self._speed = anchor, speed
        self._faults: list[threading.Thread] = []
        self._broken: list[str] = []

    def run(self) -> Result:
        """Run it to its end. Raises ProgramFailed where a program does not start."""
        began = time.monotonic()
        with ExitStack() as over:
            self._ward.move_in(plans(self._scenario, self._anchor, self._speed), self._anchor)
            over.callback(self._ward.stop)
            self._ward.start()
            ends = datetime.now(UTC) + self._scenario.ends / self._speed
            self._ward.begin()
            over.callback(self._join)
            self._strike_all()
            self._wait(ends)
            self._join()
            return self._judge(ends, time.monotonic() - began)

    def _wait(self, ends: datetime) -> None:
        """Wait until all that can hold holds and nothing more happens, or time is up."""
        longest = max(one.within for one in self._scenario.expect)
        limit = ends + longest
        quiet_since, before = time.monotonic(), self._size(self._ward.look(ends))
        while (now := datetime.now(UTC)) < limit + timedelta(seconds=ACCOUNT_WITHIN_S):
            seen = self._ward.look(ends)
            if self._size(seen) != before:
                quiet_since, before = time.monotonic(), self._size(seen)
            quiet = time.monotonic() - quiet_since > QUIET_S
            if now > ends and quiet and (self._settled(seen) or now > limit):
                return
            time.sleep(LOOK_EVERY_S)

    def _size(self, seen: Seen) -> tuple[int, ...]:
        return (len(seen.taken), len(seen.stored), len(seen.tasks), len(seen.held), seen.duplicates)

    def _settled(self, seen: Seen) -> bool:
        if not self._ward.evaluated(seen):
            return False
        hopeful = [one for one in self._scenario.expect if not one.at_the_end]
        others = [one for one in hopeful if not isinstance(one, Problem)]
        if any(one.found(seen) is not None for one in others):
            return False  # the gateway is asked for problems only when nothing else is awaited
        seen = replace(seen, problems=self._problems())
        return all(one.found(seen) is None for one in hopeful)

    def _judge(self, ends: datetime, lasted_s: float) -> Result:
        seen = self._ward.look(ends)
        seen = replace(seen, missing=self._ward.missing(), problems=self._problems())
        failures = [
            Failure(line, expectation.wanted(), found)
            for line, expectation in zip(self._loaded.lines, self._scenario.expect, strict=True)
            if (found := expectation.found(seen)) is not None
        ]
        failures += [Failure(0, "every fault strikes", said) for said in self._broken]
        waiting = sum(one.waiting for one in self._scenario.expect if isinstance(one, Waiting))
        failures += _custody(seen, waiting)
        return Result(self._loaded, tuple(failures), _count_taken(seen), len(seen.stored), lasted_s)

    def _problems(self) -> dict[tuple[str, str], str]:
        asked = any(isinstance(one, Problem) for one in self._scenario.expect)
        return self._ward.problems() if asked else {}

    def _strike_all(self) -> None:
        for fault in self._scenario.faults:
            if FAULTS[fault.fault].begins is not None:
                thread = threading.Thread(target=self._strike, args=(fault,), daemon=True)
                self._faults.append(thread)
                thread.start()

    def _strike(self, entry: Faulted) -> None:
        """Let a fault begin when it is due, and end."""
        fault = FAULTS[entry.fault]
        due = time.monotonic() + entry.at.total_seconds() / self._speed
        try:
            _sleep_until(due)
            self._each(entry, fault.begins)
            _sleep_until(due + entry.lasts.total_seconds() / self._speed)
            self._each(entry, fault.ends)
        except ProgramFailed as error:
            self._broken.append(f"{entry.fault}: {error}")

    def _each(self, entry: Faulted, act: Callable[..., None] | None) -> None:
        """Do it to the gateway once, or to each home that is meant."""
        home = self._scenario.home_of(entry)
        shared = FAULTS[entry.fault].shared
        met = self._ward.residents[:1] if shared or home is None else self._ward.resident(home.name)
        for resident in met:
            if act is not None:
                act(self._gateway, resident.home)

    def _join(self) -> None:
        for thread in self._faults:
            thread.join()
        self._faults.clear()


def _custody(seen: Seen, waiting: int) -> list[Failure]:
    """Expect of every scenario that nothing is lost and nothing doubled."""
    failures = [
        Failure(0, f"no sequence number of {home} is missing", f"{count} are")
        for home, count in sorted(seen.missing.items())
        if count
    ]
    lost = _count_taken(seen) - len(seen.stored) - len(seen.held) - waiting
    if lost > 0:
        failures.append(Failure(0, "nothing is lost", f"{lost} taken, neither stored nor held"))
    if len(seen.stored) > _count_taken(seen):
        more = len(seen.stored) - _count_taken(seen)
        failures.append(Failure(0, "nothing is doubled", f"{more} more stored than taken"))
    return failures


def _count_taken(seen: Seen) -> int:
    return len({(line["home"], line["device"], line["octets"]) for line in seen.taken})


def _sleep_until(due: float) -> None:
    time.sleep(max(0.0, due - time.monotonic()))
