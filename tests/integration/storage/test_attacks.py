"""Every attack on an envelope that the broker, or who reads along, could try: none is accepted."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.errors import WireError
from device_profiles.wire.body import GapBody
from device_profiles.wire.keys import RecipientPrivate, Suite
from device_profiles.wire.v1 import (
    HEADER,
    SIGNATURE,
    Class,
    Receipt,
    topic_down,
    topic_up,
    write_receipt,
)
from edge_agent.ports import Downlink
from edge_agent.uplink.receipts import Receipts
from gateway.core.acceptance import NEVER_RECEIPTED, Delivery, Reason
from gateway.ingest.batch import Keys
from gateway.storage.database import Database
from tests.fixtures.promises import Keep
from tests.fixtures.site import Site, blood_pressure, make_site, reading_body
from tests.fixtures.whole_site import seed

AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
BATCH = 500
TABLES = ("envelope", "ledger", "reading", "reading_value", "duty", "gap", "hub_status")
GAP = GapBody(at=AT, reason="quota")  # as short as a body can be; flips take time


def stored(database: Database) -> dict[str, int]:
    """Count what only an accepted envelope can add."""
    with database.transaction() as connection:
        return {
            table: len(connection.execute(f"SELECT 1 FROM {table}").fetchall())  # noqa: S608
            for table in TABLES
        }


def attack(database: Database, site: Site, deliveries: Iterable[Delivery]) -> Counter[Reason]:
    """Deliver; nothing may be stored or receipted. Return why each was refused."""
    before, all_, reasons = stored(database), list(deliveries), Counter[Reason]()
    for start in range(0, len(all_), BATCH):
        outcome = site.accept(database, all_[start : start + BATCH])
        assert outcome.receipts == []
        assert outcome.stored == outcome.duplicates == outcome.redelivered == 0
        reasons.update(outcome.quarantined)
    assert stored(database) == before
    assert reasons.total() == len(all_)
    assert reasons.keys() <= NEVER_RECEIPTED
    return reasons


def of_suite(site: Site, suite: Suite) -> Site:
    recipient = RecipientPrivate.generate(suite)
    site.recipient, site.keys = (
        recipient,
        Keys({recipient.public().kid: recipient}, site.keys.receipts),
    )
    return site


def flips(octets: bytes) -> Iterator[bytes]:
    for bit in range(8 * len(octets)):
        flipped = bytearray(octets)
        flipped[bit // 8] ^= 1 << bit % 8
        yield bytes(flipped)


def cuts(octets: bytes) -> Iterator[bytes]:
    yield from (octets[:at] for at in range(len(octets)))
    yield from (octets[at:] for at in range(1, len(octets)))


@pytest.mark.parametrize("suite", list(Suite))
def test_every_flip_and_every_truncation_is_refused(
    database: Database, site: Site, suite: Suite, promise: Keep
) -> None:
    good = of_suite(site, suite).envelope(GAP)
    flipped = [replace(good, envelope=octets) for octets in flips(good.envelope)]
    short = [replace(good, envelope=octets) for octets in cuts(good.envelope)]
    reasons = attack(database, site, [*flipped, *short])
    assert site.accept(database, [good]).receipts[0].covers(1)
    assert reasons[Reason.BAD_SIGNATURE] > len(good.envelope)
    promise("envelope-attacks", suite=suite.name, flips=len(flipped), truncations=len(short),
            accepted=0)  # fmt: skip


def parts(envelope: bytes) -> tuple[bytes, bytes, bytes]:
    return envelope[: HEADER.size], envelope[HEADER.size : -SIGNATURE], envelope[-SIGNATURE:]


def resigned(site: Site, message: bytes, topic: str) -> bytes:
    """Sign octets as the hub would: not even its key makes what was spliced open."""
    bound = b"HLN-ENV-1 sig\0" + len(topic).to_bytes(2, "big") + topic.encode()
    return message + site.signer.sign(bound + message)


def spliced(sites: tuple[Site, Site]) -> Iterator[Delivery]:
    """Yield all mixtures of two homes' and two classes' envelopes on all of their topics."""
    made = [
        site.envelope(reading_body(site, blood_pressure(120 + n, 80, AT), AT), class_=class_)
        for site in sites
        for n, class_ in enumerate((Class.ROUTINE, Class.ALERT))
    ]
    originals = {(one.topic, one.envelope) for one in made}
    pieces = [parts(one.envelope) for one in made]
    topics = {topic_up(site.hub, class_) for site in sites for class_ in Class}
    topics |= {topic_down(site.hub) for site in sites} | {"hl/1/+/+/up/#", "", "x/" * 300}
    mixtures = {h + s + g for h, _, _ in pieces for _, s, _ in pieces for _, _, g in pieces}
    for topic in sorted(topics):
        for envelope in sorted(mixtures):
            if (topic, envelope) not in originals:
                yield Delivery(topic, envelope, datetime.now(UTC))


def test_no_splice_between_topics_hubs_and_organisations_is_accepted(
    database: Database, site: Site, promise: Keep
) -> None:
    other = make_site(database)
    mixed = list(spliced((site, other)))
    attack(database, site, mixed)
    claims = claimed_organisation(site, other)
    assert attack(database, site, claims) == {Reason.WRONG_ORGANISATION: len(claims)}
    forged = [replace(one, envelope=octets) for one in claims for octets in as_of(one, site, other)]
    attack(database, site, forged)
    promise("envelope-attacks", splices=len(mixed) + len(claims) + len(forged), accepted=0)


def claimed_organisation(site: Site, other: Site) -> list[Delivery]:
    """A real hub, with its own key, claims to be of another organisation."""
    body = reading_body(site, blood_pressure(120, 80, AT), AT)
    return [
        site.envelope(body, organisation=organisation, class_=class_)
        for organisation in (other.organisation, uuid4())
        for class_ in Class
    ]


def as_of(one: Delivery, site: Site, other: Site) -> list[bytes]:
    """A real hub signs what names another hub, or what another hub sealed."""
    header, sealed, _ = parts(one.envelope)
    theirs = header[:22] + other.hub.bytes + header[38:]
    return [resigned(site, theirs + sealed, one.topic), resigned(other, header + sealed, one.topic)]


def test_a_sealed_part_under_another_header_never_opens(database: Database, site: Site) -> None:
    """Signed anew by the hub's own stolen key: kept, told, and no reading comes of it."""
    first = site.envelope(reading_body(site, blood_pressure(120, 80, AT), AT))
    second = site.envelope(reading_body(site, blood_pressure(121, 80, AT), AT))
    header, sealed = parts(first.envelope)[0], parts(second.envelope)[1]
    forged = replace(first, envelope=resigned(site, header + sealed, first.topic))
    outcome = site.accept(database, [forged])
    assert (outcome.stored, outcome.quarantined) == (0, {Reason.UNOPENABLE: 1})


def test_a_suite_below_the_hubs_is_refused(database: Database, site: Site, promise: Keep) -> None:
    with database.transaction() as connection:
        connection.execute("UPDATE hub SET suite = %s", [int(Suite.MLKEM768_X25519)])
    weak = [site.envelope(GAP, class_=class_) for class_ in Class]
    assert attack(database, site, weak) == {Reason.SUITE_DOWNGRADE: len(weak)}
    relabelled = [
        replace(one, envelope=resigned(site, octets[:5] + b"\2" + octets[6:-SIGNATURE], one.topic))
        for one in weak
        if (octets := one.envelope)
    ]
    attack(database, site, relabelled)
    promise("envelope-attacks", suite_downgrades=len(weak) + len(relabelled), accepted=0)


def test_all_envelopes_again_in_any_order_add_nothing(
    database: Database, site: Site, promise: Keep
) -> None:
    number = seed()
    print(f"HEARTHLINE_TEST_SEED={number}")
    chance = random.Random(number)  # noqa: S311 - an order
    good = [readings(site, n) for n in range(100)]
    assert site.accept(database, good).stored == 100
    before = stored(database)
    again = chance.choices(good, k=900) + good
    chance.shuffle(again)
    for start in range(0, len(again), 50):
        outcome = site.accept(database, again[start : start + 50])
        assert (outcome.stored, outcome.duplicates, outcome.quarantined) == (0, 0, {})
        assert outcome.redelivered == 50
        assert outcome.receipts[0].high_water == 100
    assert stored(database) == before
    altered = [readings(site, n + 200, seq=n + 1) for n in range(100)]
    chance.shuffle(altered)
    assert attack(database, site, altered) == {Reason.ALTERED_REPLAY: 100}
    promise(
        "envelope-attacks", replays=len(again), new_rows=0, altered=100, altered_quarantined=100
    )


def readings(site: Site, number: int, **place: Any) -> Delivery:
    at = AT + timedelta(minutes=number)
    return site.envelope(reading_body(site, blood_pressure(110 + number % 50, 70, at), at), **place)


def test_no_forged_receipt_lets_a_hub_delete(promise: Keep) -> None:
    """Every flip, truncation and neighbour of a receipt, as the agent reads it."""
    hub, other, gateway = uuid4(), uuid4(), Ed25519PrivateKey.generate()
    reader = Receipts(hub, (gateway.public_key(), Ed25519PrivateKey.generate().public_key()))
    told = Receipt(hub, 3, 100, frozenset({102, 130}), (90,))
    good = write_receipt(told, gateway)
    assert reader.read(Downlink(topic_down(hub), good)) == told
    theirs = write_receipt(replace(told, hub=other), gateway)
    tries = [Downlink(topic_down(hub), octets) for octets in (*flips(good), *cuts(good))]
    tries += [
        Downlink(topic, octets)
        for topic in (topic_down(hub), topic_down(other))
        for octets in (theirs, theirs[:5] + hub.bytes + theirs[21:])
    ]
    tries += [Downlink(topic_up(hub, class_), good) for class_ in Class]
    tries.append(Downlink(topic_down(hub), write_receipt(told, Ed25519PrivateKey.generate())))
    for one in tries:
        with pytest.raises(WireError):
            reader.read(one)
    promise("envelope-attacks", forged_receipts=len(tries), accepted=0)
