"""A back-test from beginning to end: rules and history in, what is told of them out."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerting.backtest.compare import Past, differences, outcomes
from alerting.backtest.figures import figures
from alerting.backtest.made_up import made_up
from alerting.backtest.run import InForce, Progress, Result, run
from alerting.backtest.series import Series, collect
from alerting.backtest.work import Handling
from alerting.errors import PackError
from alerting.model import Rule
from alerting.packs.loader import load_pack, load_packs
from gateway.errors import WrongInput
from gateway.rules.files import read_files
from gateway.rules.plan import plan
from gateway.rules.told import Told
from gateway.storage.database import Database
from gateway.storage.history import past_tasks, read_history
from gateway.storage.quality import quality
from gateway.storage.rules import Scope


@dataclass(frozen=True)
class History:
    """What is judged by what; past tasks and quality only where there is a database."""

    series: Series
    tried: Sequence[InForce]
    now_in_force: Sequence[InForce]
    where: str
    past: Sequence[Past] = ()
    quality: Sequence[Mapping[str, object]] = ()


@dataclass
class Job:
    """One back-test: where its rules and its history come from, and who sees how far it is."""

    rule: Path | None
    pack: Path | None
    length: timedelta
    patients: int | None
    recordings: Path | None
    virtual: int | None
    database: Callable[[], Database]
    progress: Callable[[int], AbstractContextManager[Progress]]
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, handling: Handling, coordinators: int, top: int) -> Told:
        """Read, judge and count."""
        now_in_force, tried = self._rules()
        with self._read(now_in_force, tried) as history:
            result = self._judge("judging", history.series, history.tried)
            before = history.now_in_force
            other = self._judge("rules in force", history.series, before) if before else None
        return Told(
            title=f"Back-test of {len(tried)} rules: {history.where}",
            figures=figures(result, handling, top),
            coordinators=coordinators,
            seconds=self.seconds,
            stepwise=sorted(result.stepwise),
            differences=differences(other, result) if other else (),
            outcomes=outcomes(result, history.past),
            quality=history.quality,
        )

    def _rules(self) -> tuple[Mapping[str, Rule], Mapping[str, Rule]]:
        """Return the rules in force, where the tried ones are others, and the tried ones."""
        try:
            return self._packs()
        except PackError as error:
            raise WrongInput(str(error)) from None

    def _packs(self) -> tuple[Mapping[str, Rule], Mapping[str, Rule]]:
        shipped = load_packs()
        if self.virtual is not None or self.recordings is not None:  # they are in no programme
            shipped = {rule.key: rule for rule in Scope().rules(shipped.values())}
        if self.pack is None and self.rule is None:
            return {}, shipped
        tried = {r.key: r for r in load_pack(self.pack)} if self.pack else dict(shipped)
        new = {r.key: r for r in load_pack(self.rule)} if self.rule else {}
        if self.pack is None:
            # Only what differs: all others are as they were.
            return {key: shipped[key] for key in new if key in shipped}, new
        return shipped, tried | new

    @contextmanager
    def _read(self, before: Mapping[str, Rule], tried: Mapping[str, Rule]) -> Iterator[History]:
        if self.virtual is not None or self.recordings is not None:
            yield self._from_elsewhere(before, tried)
            return
        end = datetime.now(UTC)
        begin = end - self.length
        with self.database().transaction() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            with self._timed("reading"):
                every = (*before.values(), *tried.values())
                series = read_history(connection, every, begin, end, limit=self.patients)
            who = series.patients
            yield History(
                series,
                plan(connection, tried.values(), who, end),
                plan(connection, before.values(), who, end) if before else (),
                f"{len(who)} patients of the database, {self.length / timedelta(days=1):g} days",
                past_tasks(connection, who, begin, end),
                quality(connection, begin, end),
            )

    def _from_elsewhere(self, before: Mapping[str, Rule], tried: Mapping[str, Rule]) -> History:
        with self._timed("reading"):
            if self.recordings is not None:
                series = collect(read_files(self.recordings, self.patients))
                where = f"{len(series.patients)} patients of {self.recordings.name}"
            else:
                days = max(1, round(self.length / timedelta(days=1)))
                series = made_up(min(self.virtual or 1, self.patients or 10**9), days)
                where = f"{len(series.patients)} made-up patients, {days} days, 4 readings a day"
        new, old = (tuple(map(InForce, rules.values())) for rules in (tried, before))
        return History(series, new, old, where)

    def _judge(self, name: str, series: Series, rules: Sequence[InForce]) -> Result:
        with self._timed(name), self.progress(len(series.patients)) as progress:
            return run(series, rules, progress)

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 3)
