"""One running site that lives through many schedules, and the account of what it kept."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from edge_agent.report import status
from edge_agent.settings import Settings as HubSettings
from gateway.errors import GatewayError
from gateway.storage.database import Database
from simulators.peripherals.cuff import Pressure
from simulators.peripherals.glucose_octets import Glucose
from simulators.site import Home
from tests.acceptance.kill_nine.parts import Broker, Part, Process
from tests.acceptance.kill_nine.schedule import Event, Measure, Save, Strike
from tests.fixtures.whole_site import SECRETS, wait_for, wall
from tests.integration.simulated_radio.live import LiveHome

ADDRESSES = {"cuff": SECRETS["cuff"], "meter": SECRETS["meter"]}
SETTLED_S = 90.0
LOOK_EVERY_S = 0.05
# A hub backs off from a broker that falls again and again, up to a minute. It is started anew
# before it waits longer than this many falls ask for.
FALLS = 2
STORED = """
SELECT octets->>'octets' AS octets FROM reading, jsonb_array_elements(body->'octets') AS octets"""
ACCOUNT = """
SELECT (SELECT count(*) FROM identity) AS identities, (SELECT count(*) FROM reading) AS readings,
  ARRAY(SELECT reason FROM quarantine UNION SELECT event FROM security_event) AS refused,
  (SELECT count(*) FROM gap) AS gaps, (SELECT count(DISTINCT epoch) FROM ledger) AS epochs,
  (SELECT coalesce(sum(upper(m) - lower(m)), 0) FROM ledger l,
   unnest(int8multirange(int8range(1, l.highest, '[]')) - l.accounted) AS m)::int AS missing"""


def usual(device: str, number: int) -> dict[str, str]:
    """Return what a device shows when nothing is wrong."""
    if device == "cuff":
        return {"systolic": str(110 + number % 60), "diastolic": "70", "pulse": "71"}
    return {"glucose": str(80 + number % 90)}


@dataclass(repr=False)
class Site:
    """Agent, broker, ingest and PostgreSQL as real processes; the radio is in this one."""

    parts: dict[str, Part]
    home: Home
    database: Database
    radio: LiveHome
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    falls: int = 0
    shows: Callable[[str, int], dict[str, str]] = usual

    def __str__(self) -> str:
        """Tell how it is, to explain a failure."""
        try:
            account: object = self.account()
        except GatewayError as error:
            account = error
        words = [
            f"{part.name}: {part.program.last_words()}"
            for part in self.parts.values()
            if isinstance(part, Process)
        ]
        taken = f"{len(self.taken())} taken, {self.waiting()} waiting on the hub, {account}"
        return "\n".join([f"see {self.home.folder.parent.parent}", taken, *words])

    def live_through(self, events: list[Event]) -> Counter[str]:
        """Let a schedule happen; return how often each part was killed."""
        self._rest()
        struck, began = Counter[str](), time.monotonic()
        for event in events:
            time.sleep(max(0.0, began + event.at - time.monotonic()))  # the schedule itself
            match event:
                case Measure(device=device, count=times):
                    for _ in range(times):
                        self.measure(device)
                case Save():
                    self._broker.save()
                case Strike(part=name, down_s=down_s, whole=whole):
                    if self.parts[name].strike(down_s, whole=whole):
                        struck[name] += 1
        self.falls = 0 if struck["agent"] else self.falls + struck["broker"]
        return struck

    def _rest(self) -> None:
        """Begin with a hub that does not wait, and a cuff that has told what it had."""
        if self.falls >= FALLS:
            self.parts["agent"].strike(0.0, whole=False)
            self.falls = 0
        self.radio.do(lambda home: home.peripheral(ADDRESSES["cuff"])._told.clear())  # type: ignore[attr-defined]

    def measure(self, device: str) -> None:
        """Take a measurement that no other is like."""
        values = {"device_time": wall()} | self.shows(device, next(self.numbers))
        kind = Pressure if device == "cuff" else Glucose
        self.radio.measure(ADDRESSES[device], kind.model_validate(values))

    def wait_until_settled(self) -> None:
        wait_for(self._settled, "all that was taken is stored and let go", SETTLED_S)

    def taken(self) -> Counter[str]:
        return Counter(self.radio.octets())

    def stored(self) -> Counter[str]:
        with self.database.transaction() as connection:
            return Counter(row["octets"] for row in connection.execute(STORED))

    def account(self) -> dict[str, Any]:
        with self.database.transaction() as connection:
            row = connection.execute(ACCOUNT).fetchone()
        return dict(row or {})

    def waiting(self) -> int:
        """Return how many rows are in the spool, as `hearthline-edge status` sees it."""
        told = status(HubSettings(state_dir=self.home.folder / "state"))
        return int(told["waiting"])

    def fallen(self) -> list[str]:
        """Return the parts that ended without being struck."""
        programs = [part for part in self.parts.values() if isinstance(part, Process)]
        return [part.name for part in programs if part.fallen]

    @property
    def _broker(self) -> Broker:
        broker = self.parts["broker"]
        assert isinstance(broker, Broker)
        return broker

    def _settled(self) -> bool:
        assert not self.fallen(), f"fell without being struck: {self.fallen()}"
        time.sleep(LOOK_EVERY_S)  # a look at the database costs it a process
        if self.waiting():
            return False
        try:
            account = self.account()
        except GatewayError:
            return False  # on its way back
        return bool(account["identities"] >= len(self.taken()) and account["missing"] == 0)
