"""Sealing keys change while a backlog is under way: every reading is opened, then old keys go."""

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from device_profiles.wire.hub_file import Broker, HubFile
from device_profiles.wire.keys import Suite
from device_profiles.wire.v1 import Class, read_receipt, topic_down, topic_up
from edge_agent.identity.recipients import Recipients, install_recipients
from edge_agent.spool.seal import Sealer
from edge_agent.spool.sqlite import SqliteSpool
from gateway.cli.keys import needs
from gateway.identity import keys
from gateway.identity.files import write_private
from gateway.identity.keys_due import standings
from gateway.identity.keys_live import LiveRecipients
from gateway.identity.records import read_records, recipients_text, signed_recipient_records
from gateway.identity.root import make_root, read_root_key, trust_root
from gateway.identity.root_public import root_text
from gateway.identity.sealing import RECIPIENTS, read_recipients
from gateway.ingest.batch import Keys
from gateway.storage.database import Database
from tests.fixtures.broker import RunningBroker, heard, wait_for
from tests.fixtures.hub import trusted_clock
from tests.fixtures.promises import Keep
from tests.fixtures.site import Site, blood_pressure, make_site, reading_body
from tests.fixtures.whole_site import seed
from tests.integration.broker.revoking import AT, Gate, Link

BACKLOG, ROTATIONS, EACH = 300, 5, 100
# The site's first keys are of a while ago, and each rotation follows an hour after the one before.
FOUNDED = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
LOST = """
SELECT count(*) AS n FROM quarantine WHERE reason IN ('unknown_recipient', 'unopenable')"""


@dataclass
class Rotating:
    """A site with a root, and a hub that spools, as its agent does."""

    gate: Gate
    site: Site
    folder: Path
    hub_file: HubFile
    spool: SqliteSpool
    put: int = 0

    @property
    def keys(self) -> Path:
        return self.gate.broker.keys.folder

    def measure(self, count: int) -> None:
        for _ in range(count):
            at = AT + timedelta(seconds=self.put)
            body = reading_body(self.site, blood_pressure(100 + self.put % 90, 70, at), at)
            self.spool.put(body, Class.ALERT if self.put % 50 == 0 else Class.ROUTINE)
            self.put += 1

    def rotate(self, number: int) -> None:
        root = read_root_key(self.folder / "root")
        keys.rotate(self.keys, root, FOUNDED + timedelta(hours=number))

    def renew(self) -> None:
        """The hub hears of the newest keys, as it does when it renews."""
        file = signed_recipient_records(self.keys, self.hub_file.recipients[0].suite)
        assert file is not None
        root = root_text(read_root_key(self.folder / "root").public_key())
        install_recipients(self.folder / "hub", self.hub_file, recipients_text(file), root)

    def send(self, link: Link, receipts: list[tuple[str, bytes]], limit: int) -> None:
        """Publish what waits, a window at a time, until so many have been sent or none is left."""
        public = self.site.keys.receipts.public_key()
        sent, taken = 0, 0
        while sent < limit and (rows := self.spool.pending(50)):
            before = self.spool.depth().waiting
            self.spool.sent([row.ref.seq for row in rows])
            for row in rows:
                link.client.publish(topic_up(self.site.hub, row.class_), row.envelope, qos=1)
            while self.spool.depth().waiting == before:
                wait_for(lambda: len(receipts) > taken, "a receipt comes")  # noqa: B023
                for topic, message in receipts[taken:]:
                    self.spool.apply(read_receipt(message, topic, self.site.hub, public))
                    taken += 1
            sent += len(rows)


@pytest.fixture(params=list(Suite), ids=lambda suite: f"suite {suite:d}")
def rotating(
    embedded_database: Database,
    broker: RunningBroker,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Rotating]:
    suite, site = request.param, make_site(embedded_database)
    _age_keys(broker.keys.folder)
    with embedded_database.transaction() as connection:
        connection.execute("UPDATE hub SET suite = %s, created_at = %s", [int(suite), FOUNDED])
    make_root(tmp_path / "root")
    root = read_root_key(tmp_path / "root")
    folder = broker.keys.folder
    trust_root(folder, root.public_key())
    keys.accept_records(folder, keys.sign_keys(keys.unsigned_keys(folder), root))
    hub_file = HubFile(
        hub=site.hub,
        organisation=site.organisation,
        timezone="Europe/Vienna",
        broker=Broker(host="127.0.0.1", port=broker.port),
        recipients=broker.keys.recipient_records(suite),
        receipt_keys=(site.keys.receipts.public_key().public_bytes_raw(),),
    )
    (tmp_path / "hub").mkdir()
    assert keys.write_recipients(folder, suite, tmp_path / "hub")
    clock = trusted_clock()
    believed = Recipients(tmp_path / "hub", hub_file)
    sealer = Sealer(hub_file, site.signer, clock, believed.records)
    site.keys = Keys(LiveRecipients(folder / keys.PRIVATE), site.keys.receipts)
    gate = Gate(embedded_database, broker)
    gate.certify(site.hub, "hub")
    gate.start()
    with closing(SqliteSpool(tmp_path / "spool", sealer, clock, 2**26)) as spool:
        yield Rotating(gate, site, tmp_path, hub_file, spool)


def _age_keys(folder: Path) -> None:
    """Let the site be founded a day ago, so that its keys are older than what is rotated in."""
    stored = read_recipients(folder / keys.PRIVATE).values()
    aged = [one.model_copy(update={"not_before": FOUNDED}) for one in stored]
    write_private(folder / keys.PRIVATE, RECIPIENTS.dump_json(tuple(aged)))


def _needed(rotating: Rotating, now: datetime) -> dict[bytes, list[str]]:
    found = standings(read_records(rotating.keys))
    suite = rotating.hub_file.recipients[0].suite
    with rotating.gate.database.transaction() as connection:
        return {
            one.record.kid: needs(connection, one, now)
            for one in found
            if one.record.suite is suite
        }


def test_keys_change_during_a_backlog_and_every_reading_is_opened(
    rotating: Rotating, promise: Keep
) -> None:
    rng_seed = seed()
    rng = random.Random(rng_seed)  # noqa: S311 - no secret
    rotating.measure(BACKLOG)

    with (
        rotating.gate.ingest(rotating.site),
        Link(rotating.gate, "hub", str(rotating.site.hub)) as link,
    ):
        wait_for(lambda: bool(link.connects), "the hub is connected")
        receipts = heard(link.client, topic_down(rotating.site.hub))
        _until_ingest_listens(rotating, link)
        for number in range(1, ROTATIONS + 1):
            rotating.rotate(number)
            rotating.measure(rng.randrange(EACH))  # the hub has not heard of it yet
            rotating.send(link, receipts, limit=rng.randrange(EACH))
            rotating.renew()
            rotating.measure(rng.randrange(EACH))
        rotating.send(link, receipts, limit=10**6)

    stored = rotating.gate.count("SELECT count(*) AS n FROM identity")
    used = rotating.gate.count("SELECT count(*) AS n FROM key_use")
    undecryptable = rotating.gate.count(LOST)
    promise(
        "key-rotation",
        suite=int(rotating.hub_file.recipients[0].suite),
        readings=rotating.put,
        rotations=ROTATIONS,
        keys_used=used,
        undecryptable=undecryptable,
        lost=rotating.put - stored,
        seed=rng_seed,
    )
    assert undecryptable == 0
    assert stored == rotating.put
    assert used >= 2


def _until_ingest_listens(rotating: Rotating, link: Link) -> None:
    wait_for(
        lambda: link.publish(topic_up(rotating.site.hub, Class.STATUS), b"anybody?") == 0,
        "ingest listens",
    )


def test_an_old_key_goes_only_when_nothing_needs_it(rotating: Rotating) -> None:
    switch = FOUNDED + timedelta(hours=1)
    late = switch + timedelta(days=91)
    (old,) = _needed(rotating, late)
    rotating.measure(60)
    rotating.rotate(1)
    assert "may still have" in _needed(rotating, late)[old][0]
    rotating.renew()
    rotating.measure(60)
    with (
        rotating.gate.ingest(rotating.site),
        Link(rotating.gate, "hub", str(rotating.site.hub)) as link,
    ):
        wait_for(lambda: bool(link.connects), "the hub is connected")
        receipts = heard(link.client, topic_down(rotating.site.hub))
        _until_ingest_listens(rotating, link)
        rotating.send(link, receipts, limit=20)
        # An urgent one, sealed to the new key, went ahead of the backlog.
        assert "may still have" in _needed(rotating, late)[old][0]
        rotating.send(link, receipts, limit=10**6)
    assert _needed(rotating, late)[old] == []
    assert "kept until" in _needed(rotating, switch + timedelta(days=89))[old][0]
    new = next(kid for kid in _needed(rotating, late) if kid != old)
    assert "newest" in _needed(rotating, late)[new][0]
    keys.destroy_keys(rotating.keys, {old})
    assert old not in rotating.site.keys.recipients
    assert new in rotating.site.keys.recipients


def test_what_is_held_in_quarantine_keeps_its_key(rotating: Rotating) -> None:
    """It may be replayed once its device is assigned, and then it has to be opened."""
    late = FOUNDED + timedelta(days=91)
    (old,) = _needed(rotating, late)
    with rotating.gate.database.transaction() as connection:
        connection.execute("DELETE FROM assignment")
    rotating.measure(1)
    _accept(rotating)
    rotating.rotate(1)
    rotating.renew()
    rotating.measure(1)
    _accept(rotating)
    assert _needed(rotating, late)[old] == ["1 envelopes in quarantine are sealed to it"]


def test_a_hub_that_came_after_the_switch_never_had_the_old_key(rotating: Rotating) -> None:
    late = FOUNDED + timedelta(days=91)
    (old,) = _needed(rotating, late)
    rotating.rotate(1)
    with rotating.gate.database.transaction() as connection:
        connection.execute("UPDATE hub SET created_at = %s", [FOUNDED + timedelta(hours=2)])
    assert _needed(rotating, late)[old] == []


def test_a_hub_that_is_away_keeps_the_key_until_it_is_revoked(rotating: Rotating) -> None:
    late = FOUNDED + timedelta(days=91)
    (old,) = _needed(rotating, late)
    rotating.rotate(1)
    (reason,) = _needed(rotating, late)[old]
    assert str(rotating.site.hub) in reason
    with rotating.gate.database.transaction() as connection:
        connection.execute("UPDATE hub SET state = 'revoked'")
    assert _needed(rotating, late)[old] == []


def _accept(rotating: Rotating) -> None:
    """Take what waits without a broker."""
    from gateway.core.acceptance import Delivery

    rows = rotating.spool.pending(100)
    rotating.spool.sent([row.ref.seq for row in rows])
    deliveries = [
        Delivery(topic_up(rotating.site.hub, row.class_), row.envelope, datetime.now(UTC))
        for row in rows
    ]
    outcome: Any = rotating.site.accept(rotating.gate.database, deliveries)
    rotating.spool.apply(outcome.receipts[0])
