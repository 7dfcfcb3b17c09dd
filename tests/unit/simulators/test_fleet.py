"""The fleet's hubs: what they seal, when they send again, which receipts they believe."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.identity import reading_id
from device_profiles.registry import PROFILES as CODECS
from device_profiles.wire.body import ReadingBody, load_body
from device_profiles.wire.keys import RecipientPrivate, Suite
from device_profiles.wire.v1 import Receipt, open_envelope, verify_envelope, write_receipt
from simulators.fleet.drive import Pace
from simulators.fleet.home import PROFILES, Home, registration
from simulators.fleet.hub import EPOCH, RESEND_FIRST_S, WINDOW, Counts, FleetHub
from simulators.fleet.readings import body, samples_of, series
from simulators.fleet.report import Backlog, Plan, Report, lines
from simulators.sample import Sample

NOW = datetime(2026, 11, 21, 7, 0, 5, 250_000, tzinfo=UTC)
RECIPIENT = RecipientPrivate.generate(Suite.X25519)
GATEWAY, HUB = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
PATIENTS = series(seed=3, hubs=6)


def make_home() -> Home:
    return Home(
        folder=Path("nowhere"),
        hub=uuid4(),
        organisation=uuid4(),
        address=("localhost", 8883),
        recipient=RECIPIENT.public(),
        signing_key=HUB,
        receipt_key=GATEWAY.public_key(),
        devices={kind: uuid4() for kind in PROFILES},
    )


@dataclass
class Wire:
    """What a hub published; `up` says whether there is a connection."""

    up: bool = True
    sent: list[tuple[str, bytes]] = field(default_factory=list)

    def publish(self, topic: str, envelope: bytes, _sent_ms: int) -> bool:
        if self.up:
            self.sent.append((topic, envelope))
        return self.up


@dataclass
class Stage:
    """A hub with its wire and its counts."""

    counts: Counts = field(default_factory=Counts)
    wire: Wire = field(default_factory=Wire)

    def __post_init__(self) -> None:
        self.hub = FleetHub(make_home(), samples_of(PATIENTS, 0), self.counts)

    def measure(self, times: int = 1, at: float = 100.0) -> None:
        for _ in range(times):
            self.hub.measure(self.wire.publish, NOW, at)

    def receipt(self, high_water: int, signer: Ed25519PrivateKey = GATEWAY) -> bytes:
        return write_receipt(Receipt(self.hub.home.hub, EPOCH, high_water), signer)

    def opened(self) -> Iterator[ReadingBody]:
        for topic, envelope in self.wire.sent:
            verify_envelope(envelope, topic, HUB.public_key())
            told = load_body(open_envelope(envelope, topic, RECIPIENT))
            assert isinstance(told, ReadingBody)
            yield told


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_each_envelope_is_sealed_signed_and_a_reading_of_its_own(stage: Stage) -> None:
    stage.measure(20)
    bodies = list(stage.opened())
    assert len({reading_id(one.reading, one.arrival) for one in bodies}) == 20
    assert {one.reading.kind for one in bodies} > {"blood_pressure", "glucose"}


def every_kind() -> list[Sample]:
    found = {sample.kind: sample for sample in PATIENTS[0]}
    return list(found.values())


@pytest.mark.parametrize("sample", every_kind(), ids=lambda sample: str(sample.kind))
def test_the_octets_beside_a_reading_say_the_same(sample: Sample) -> None:
    told = body(sample, uuid4(), uuid4(), 7, NOW.replace(microsecond=0), NOW)
    (decoded,) = CODECS[told.arrival.profile].readings(told.reading.octets)
    assert {(one.name, one.unit, one.number) for one in decoded.values if one.number} == {
        (one.name, one.unit, one.number) for one in told.reading.values
    }
    assert decoded.device_time == told.reading.device_time


def test_a_receipt_ends_the_waiting_and_is_timed(stage: Stage) -> None:
    stage.measure(3)
    stage.hub.heard(stage.receipt(2), 100.25)
    assert list(stage.hub.waiting) == [3]
    assert stage.counts.receipted == 2
    assert stage.counts.delays_s == [0.25, 0.25]


def test_nobody_else_can_receipt(stage: Stage) -> None:
    stage.measure()
    stage.hub.heard(stage.receipt(1, signer=HUB), 101)
    stage.hub.heard(b"receipt", 101)
    assert len(stage.hub.waiting) == 1
    assert stage.counts.refused_receipts == 2


def test_what_has_no_receipt_is_sent_again_the_same(stage: Stage) -> None:
    stage.measure()
    for seconds in (1.0, RESEND_FIRST_S, RESEND_FIRST_S + 1):
        stage.hub.resend(stage.wire.publish, NOW, 100 + seconds)
    assert stage.wire.sent == [stage.wire.sent[0]] * 2
    assert stage.counts.sent_again == 1
    stage.hub.heard(stage.receipt(1), 110)
    stage.hub.heard(stage.receipt(1), 111)
    assert (stage.counts.receipted, stage.counts.again) == (1, 1)


def test_what_could_not_be_sent_is_sent_soon(stage: Stage) -> None:
    stage.wire.up = False
    stage.measure()
    stage.wire.up = True
    stage.hub.resend(stage.wire.publish, NOW, 101.5)
    assert len(stage.wire.sent) == 1
    assert stage.counts.sent_again == 0


def test_a_backlog_waits_at_the_hub(stage: Stage) -> None:
    stage.measure(WINDOW + 5)
    stage.hub.resend(stage.wire.publish, NOW, 102)
    assert len(stage.wire.sent) == WINDOW
    stage.hub.heard(stage.receipt(3), 102)
    stage.hub.resend(stage.wire.publish, NOW, 102)
    assert len(stage.wire.sent) == WINDOW + 3
    assert stage.counts.sent_again == 0


def test_after_a_lost_connection_all_is_due(stage: Stage) -> None:
    stage.measure(2)
    stage.hub.hurry()
    stage.hub.resend(stage.wire.publish, NOW, 100.5)
    assert len(stage.wire.sent) == 4


def test_a_home_has_a_device_of_each_kind_and_an_address_of_its_own() -> None:
    told = registration(300, 2, NOW.isoformat())
    addresses = [device["address"] for home in told["homes"] for device in home["devices"]]
    assert len(set(addresses)) == 300 * len(PROFILES)


def report(sent: int, receipted: int, stored: int, last: float) -> Report:
    counts = Counts(sent=sent, receipted=receipted, last_receipt=last)
    account = {"stored": stored, "missing_count": sent - stored}
    plan = Plan(hubs=10, rate=10, minutes=1, suite=2, seed=1)
    return Report(plan, counts, Pace(start=0, end=60), {}, Backlog(0, 0.0), account)


def test_all_is_well_or_it_is_said_what_is_not() -> None:
    assert report(600, 600, 600, last=61).problems == []
    assert report(600, 599, 600, last=61).problems == ["1 readings have no receipt"]
    assert report(600, 600, 600, last=70).problems == ["10 readings a second were not held"]
    assert report(590, 590, 590, last=61).problems == ["10 readings a second were not held"]
    told = lines(report(600, 600, 590, last=61).figures())
    assert "NOT AS ASKED: the gateway misses 10" in told


def test_stamps_of_a_hurried_device_lie_before_now_and_differ() -> None:
    stage = Stage()
    stage.hub = FleetHub(make_home(), samples_of(PATIENTS, 1), stage.counts, timedelta(seconds=50))
    stage.measure(WINDOW)
    walls = [one.measured_at for one in stage.opened()]
    assert len(set(walls)) == WINDOW
    assert all(wall is not None and wall <= NOW for wall in walls)
