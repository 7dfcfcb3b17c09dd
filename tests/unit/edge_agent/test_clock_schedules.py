"""A hub's clock from 1970 or ten years off, stepped both ways, and restarts: any order of these."""

from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from device_profiles.gatt import BLOOD_PRESSURE_MEASUREMENT
from device_profiles.wire.body import RawBody, ReadingBody
from device_profiles.wire.v1 import read_header, topic_up
from edge_agent.core.clock_state import Trust, trusted
from edge_agent.radio.home import Home
from edge_agent.radio.intake import Intake
from edge_agent.radio.understood import LONGEST_S
from edge_agent.spool.seal import Sealer
from edge_agent.spool.sqlite import SqliteSpool
from tests.fixtures.clock import UnsetClock
from tests.fixtures.hub import Kit, make_kit
from tests.fixtures.promises import Keep
from tests.unit.edge_agent.test_intake import QUOTA, allowed

TRUE: Final = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)
TEN_YEARS: Final = 3653 * 86_400
WITHIN_S: Final = 2.0
SYNC_ERROR_S: Final = 1.0  # what a time server may be off by


class SteppedClock(UnsetClock):
    """As a kernel keeps it: a step from outside is believed no more until the next sync."""

    def __init__(self, starts: datetime) -> None:
        super().__init__()
        self._wall = starts

    def true(self) -> datetime:
        return TRUE + timedelta(seconds=self._monotonic)

    def step(self, seconds: float) -> None:
        try:
            stepped = self.now() + timedelta(seconds=seconds)
            stepped.timestamp()
        except OverflowError:
            return
        if stepped.year >= 1970:  # no kernel has an earlier time
            self._wall, self._since, self._trusted = stepped, self._monotonic, False


@dataclass
class Run:
    """One hub through one schedule."""

    folder: Path
    clock: SteppedClock
    kit: Kit = field(default_factory=make_kit)
    true: list[datetime] = field(default_factory=list)
    known: list[bool] = field(default_factory=list)

    def start(self) -> None:
        sealer = Sealer(self.kit.hub_file, self.kit.signing_key, self.clock)
        self.spool = SqliteSpool(self.folder, sealer, self.clock, QUOTA)
        self.spool.release()
        self.home = Home(self.spool, self.clock, ZoneInfo("Europe/Vienna"), 3.0)

    def do(self, step: tuple[str, float]) -> None:
        kind, value = step
        if kind == "measure":
            self.measure()
        elif kind == "wait":
            self.clock.wait(value)
        elif kind == "step":
            self.clock.step(value)
        elif kind == "sync":
            self.clock.synchronise(self.clock.true() + timedelta(seconds=value))
        else:
            self.spool.close()
            self.start()
        self.home.waiting_for_time.settle()

    def measure(self) -> None:
        """A reading whose octets say which one it is."""
        octets = bytes((0, 100 + len(self.true), 0, 0x50, 0, 0x5D, 0))
        self.true.append(self.clock.true())
        self.known.append(self.clock.trusted())
        intake = Intake(allowed("generic_cuff"), self.home, pytest.fail)
        intake.clock_read(None)
        intake.take(BLOOD_PRESSURE_MEASUREMENT, octets)
        intake.finish()

    def sent(self) -> list[tuple[int, int, RawBody | ReadingBody]]:
        """Return which measurement, its first seq, and the body, of all that was kept."""
        told = []
        for row in self.spool.pending(1000):
            body = self.kit.open(row)
            assert isinstance(body, RawBody | ReadingBody)
            first = min([row.ref.seq, *(span[0] for span in body.supersedes)])
            raw = body.indication if isinstance(body, RawBody) else body.reading.octets[0]
            told.append((raw.octets[1] - 100, first, body))
            if not body.arrival.hub_clock_ok and isinstance(body, RawBody):
                header = read_header(row.envelope, topic_up(self.kit.hub, row.class_))
                assert header.sealed_at_ms == 0 or self.clock_was_set_since(header.sealed_at_ms)
        return told

    def clock_was_set_since(self, sealed_at_ms: int) -> bool:
        """A body that is unsure of its arrival may be sealed once the time is known."""
        sealed = datetime.fromtimestamp(sealed_at_ms / 1000, UTC)
        return (
            TRUE - timedelta(seconds=WITHIN_S)
            <= sealed
            <= self.clock.true() + timedelta(seconds=WITHIN_S)
        )


STEPS: Final = st.one_of(
    st.just(("measure", 0.0)),
    st.just(("measure", 0.0)),
    st.tuples(st.just("wait"), st.floats(0.1, LONGEST_S / 2)),
    st.tuples(
        st.just("step"),
        st.sampled_from([-TEN_YEARS, TEN_YEARS, -3600.0, 3600.0, -1.5, 1.5, 86_400.0]),
    ),
    st.tuples(st.just("sync"), st.floats(-SYNC_ERROR_S, SYNC_ERROR_S)),
    st.just(("restart", 0.0)),
)
STARTS: Final = st.sampled_from(
    [datetime(1970, 1, 1, 0, 1, tzinfo=UTC)]
    + [TRUE + timedelta(seconds=s) for s in (-TEN_YEARS, TEN_YEARS, -3600, 3600)]
)
counted = {"schedules": 0, "measured": 0, "timed": 0, "marked": 0, "worst_error_s": 0.0}


def judge(run: Run) -> None:
    told = run.sent()
    assert sorted(number for number, _, _ in told) == list(range(len(run.true)))  # each once
    assert [number for number, _, _ in sorted(told, key=lambda one: one[1])] == list(
        range(len(run.true))
    )  # the seqs tell the order
    for number, _, body in told:
        if run.known[number]:
            assert body.arrival.hub_clock_ok
        if body.arrival.hub_clock_ok:
            error = abs((body.arrival.received_at - run.true[number]).total_seconds())
            assert error < WITHIN_S
            counted["worst_error_s"] = max(counted["worst_error_s"], error)
        counted["timed" if body.arrival.hub_clock_ok else "marked"] += 1
    counted["schedules"] += 1
    counted["measured"] += len(told)


@settings(max_examples=80, deadline=None)
@given(starts=STARTS, steps=st.lists(STEPS, min_size=8, max_size=30))
@example(
    starts=datetime(1970, 1, 1, 0, 1, tzinfo=UTC),
    steps=[("measure", 0), ("wait", 60), ("step", TEN_YEARS), ("measure", 0), ("sync", 0),
           ("measure", 0), ("step", -3600), ("measure", 0), ("restart", 0), ("sync", 1)],
)  # fmt: skip
def every_schedule(starts: datetime, steps: list[tuple[str, float]]) -> None:
    with TemporaryDirectory() as folder:
        run = Run(Path(folder), SteppedClock(starts))
        run.start()
        try:
            for step in steps:
                run.do(step)
            run.do(("wait", LONGEST_S + 1))
            run.spool.release()
            judge(run)
        finally:
            run.spool.close()


def test_order_time_and_flag_hold_in_every_schedule(promise: Keep) -> None:
    counted.update(dict.fromkeys(counted, 0))
    every_schedule()
    promise(
        "clock", wrong_order=0, **{**counted, "worst_error_s": round(counted["worst_error_s"], 3)}
    )


@pytest.mark.parametrize("error_s", [-SYNC_ERROR_S, SYNC_ERROR_S])
@pytest.mark.parametrize("start", [-TEN_YEARS, TEN_YEARS])
def test_all_that_waited_has_its_time_after_the_sync(
    tmp_path: Path, start: float, error_s: float
) -> None:
    run = Run(tmp_path, SteppedClock(TRUE + timedelta(seconds=start)))
    run.start()
    with closing(run.spool):
        for seconds in (1, 30, -7200, 200, TEN_YEARS):
            run.do(("measure", 0))
            run.do(("wait", 60))
            run.do(("step", seconds))
        run.do(("sync", error_s))
        assert [body.arrival.hub_clock_ok for _, _, body in run.sent()] == [True] * 5
        judge(run)


@given(synchronised=st.booleans(), off_s=st.integers(-TEN_YEARS, TEN_YEARS))
def test_no_time_before_the_floor_is_believed(*, synchronised: bool, off_s: int) -> None:
    now = TRUE + timedelta(seconds=off_s)
    believed = trusted(Trust.AUTO, synchronised=synchronised, now=now, floor=TRUE)
    assert believed is (synchronised and off_s >= 0)
