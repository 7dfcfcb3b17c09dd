"""Whatever happens in whatever order: what was indicated to us is in the spool, and nothing hangs.

Real sessions by unmodified bleak on the simulated radio; hypothesis chooses the order and shrinks
what fails. A few examples here; many with `-m slow`.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from edge_agent.core import plan
from simulators.peripherals.cuff import Pressure
from simulators.peripherals.glucose_octets import Glucose
from simulators.peripherals.keeper import Keeper
from tests.integration.edge_agent.agent import CUFF, METER
from tests.integration.edge_agent.broker import until
from tests.integration.edge_agent.hub_inside import HubInside
from tests.integration.edge_agent.test_mishaps import device, glucose, pressure
from tests.integration.simulated_radio.live import live_home

T = TypeVar("T")
# Every step ends within this, or something waits for ever. The longest of our own limits here is
# that of a connection, 5 s.
STEP_S: Final = 15.0
MEASURING: Final = st.integers(100, 103)  # few values: equal octets must stay two
# Faults that a device has for its whole life.
FAULTS: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"before_reply": True},
    {"early_indication": 0.02},
    {"no_answer_to_read": True},
    {"abort_connects": 1},
    {"in_progress": 1},
    {"resend": True},
)


class Sessions(RuleBasedStateMachine):
    """A cuff that needs a bond, a meter that breaks off, and a hub."""

    def __init__(self) -> None:
        super().__init__()
        self.running = ExitStack()
        patch = self.running.enter_context(pytest.MonkeyPatch.context())
        for name in ("FIRST_WAIT_S", "SERVED_WAIT_S", "EMPTY_WAIT_S"):
            patch.setattr(plan, name, getattr(plan, name) / 20)
        patch.setattr(plan, "MOST_WAIT_S", 0.5)
        self.patch = patch
        self.loop = asyncio.new_event_loop()

    @initialize(faults=st.sampled_from(FAULTS), records=st.integers(2, 4))
    def begin(self, faults: dict[str, Any], records: int) -> None:
        folder = Path(self.running.enter_context(tempfile.TemporaryDirectory(prefix="hl-")))
        behaviour = {"bond": True, "window_s": 60, "idle_s": 1, **faults}
        breaks_off = {"hang_up_after_records": records, "window_s": 60}
        devices = (
            device(CUFF, behaviour=behaviour),
            device(METER, glucose(9), behaviour=breaks_off),
        )
        plain = {"seed": 1, "zone": "Europe/Vienna", "devices": devices}
        self.home = self.running.enter_context(live_home(plain, folder, self.patch))
        self.hub = HubInside(folder, CUFF, METER, quiet_s=0.5)
        self.do(self.start_hub())

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        async def limited() -> T:
            async with asyncio.timeout(STEP_S):
                return await work

        return self.loop.run_until_complete(limited())

    async def start_hub(self) -> None:
        self.hub.start()

    @rule(systolic=MEASURING)
    def measure(self, systolic: int) -> None:
        taken = Pressure.model_validate(pressure(1, systolic))
        self.home.measure(CUFF, taken)

    @rule(value=MEASURING)
    def test_a_strip(self, value: int) -> None:
        self.home.measure(METER, Glucose.model_validate(glucose(1, value)))

    @rule(milliseconds=st.sampled_from((0, 5, 20, 60, 200)))
    def wait(self, milliseconds: int) -> None:
        self.do(asyncio.sleep(milliseconds / 1000))

    @rule(address=st.sampled_from((CUFF, METER)))
    def until_connected(self, address: str) -> None:
        peripheral = self.home.peripheral(address)

        async def connected() -> None:
            for _ in range(50):
                if peripheral.connected or not peripheral.waiting():
                    return
                await asyncio.sleep(0.01)

        self.do(connected())

    @rule(address=st.sampled_from((CUFF, METER)))
    def hang_up(self, address: str) -> None:
        self.home.do(lambda home: home.peripheral(address).hang_up())

    @rule()
    def agent_restarts(self) -> None:
        self.do(self.hub.stop())
        self.do(self.start_hub())

    @rule(away_s=st.sampled_from((0.0, 0.1)))
    def bluetoothd_restarts(self, away_s: float) -> None:
        self.home.restart(away_s)

    @rule(side=st.sampled_from(("device", "hub")))
    def bond_lost(self, side: str) -> None:
        self.home.do(lambda home: home.lose_bond(CUFF, side))

    @rule()
    def a_person_pairs_again(self) -> None:
        self.home.do(lambda home: home.remove_device(CUFF))
        self.home.do(lambda home: home.peripheral(CUFF).pairing_mode())

    def teardown(self) -> None:
        try:
            if hasattr(self, "hub"):
                self.judge()
        finally:
            self.loop.run_until_complete(end_all())
            self.running.close()
            self.loop.close()

    def judge(self) -> None:
        calls = self.home.calls
        self.a_person_pairs_again()
        cuff, meter = self.home.peripheral(CUFF), self.home.peripheral(METER)
        self.do(until(lambda: not cuff.waiting() and not meter.waiting(), "all told", STEP_S))
        self.do(self.hub.stop())
        self.do(self.start_hub())  # what was held is released
        kept = Counter(self.hub.octets())
        self.do(self.hub.stop())
        assert isinstance(cuff, Keeper)
        heard = Counter(octets.hex() for octets in cuff.heard)
        assert heard <= kept, "indicated after subscription, confirmed, and not kept"
        of_meter = {one.octets.hex() for one in self.home.taken if one.kind == "glucometer"}
        assert of_meter <= set(kept), "the meter believes to have told everything"
        assert calls["RemoveDevice"] == 0


async def end_all() -> None:
    """End what bleak keeps for the life of a loop."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Sessions,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,),
            print_blob=True,
        ),
    )


def test_a_few_orders_of_events() -> None:
    run(examples=6, steps=12)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_many_orders_of_events() -> None:
    run(examples=150, steps=40)
