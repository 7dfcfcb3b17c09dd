"""The synthetic hub: its keys, what it seals, and one short session at the real broker."""

import queue
import ssl
import struct
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import paho.mqtt.client as mqtt
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paho.mqtt.enums import CallbackAPIVersion

from device_profiles.gatt import BLOOD_PRESSURE_MEASUREMENT
from device_profiles.reading import DeviceTime, Indication
from device_profiles.timeline import ClockCheck
from device_profiles.wire.body import Arrival, RawBody, dump_body, utc_ms
from device_profiles.wire.hub_file import RecipientRecord
from device_profiles.wire.keys import RecipientPublic, Suite
from device_profiles.wire.v1 import Class, Place, topic_up, write_envelope
from gateway.errors import BrokerUnavailable, WrongInput
from gateway.identity.authority import issue_client
from gateway.identity.files import SiteKeys, write_credential
from gateway.identity.hub_kit import HUB_LIFE
from gateway.identity.public import read_public
from gateway.settings import Settings
from gateway.storage.certificates import record_certificate
from gateway.storage.database import Connection
from gateway.storage.watchdog import Taken

PROFILE: Final = "generic_cuff"
EPOCH: Final = 1
SUITE: Final = Suite.X25519
# mmHg: two that end the episode of the run before, and one that nobody may overlook.
SYSTOLIC: Final = (121, 121, 240)
DIASTOLIC: Final = 79
# Two runs within the same seconds are not the same readings.
DIFFERENT: Final = 10
ANSWER_S: Final = 10.0
RENEW_BEFORE: Final = timedelta(days=30)
NAN: Final = 0x07FF


def folder(settings: Settings, organisation: UUID) -> Path:
    """Return where the synthetic hub's keys lie."""
    return settings.home / "watchdog" / str(organisation)


def organisations(settings: Settings) -> list[UUID]:
    """Return whose synthetic hubs have their keys on this machine: of several workers, one has."""
    kits = settings.home / "watchdog"
    return [UUID(kit.name) for kit in kits.iterdir()] if kits.exists() else []


def envelopes(settings: Settings, run: Taken, now: datetime) -> list[bytes]:
    """Seal the readings of a run as a hub would: raw octets, decoded by the gateway."""
    kit, session = folder(settings, run.organisation), uuid4()
    signing = _signing_key(kit)
    recipient = _recipient(read_public(settings.keys).of_suite(SUITE), now)
    first = run.seq - len(SYSTOLIC) + 1
    sealed = []
    for order, systolic in enumerate(SYSTOLIC):
        # A second apart, the last of them now: a reading is known by what its device stamped.
        at = (now - timedelta(seconds=len(SYSTOLIC) - 1 - order)).replace(microsecond=0)
        seq = first + order
        pressure = (systolic + seq % DIFFERENT, DIASTOLIC)
        place = Place(
            organisation=run.organisation,
            hub=run.hub,
            epoch=EPOCH,
            seq=seq,
            sealed_at_ms=utc_ms(now),
            class_=Class.ALERT,
        )
        body = _body(run, session, order, pressure, at, now, seq)
        sealed.append(write_envelope(dump_body(body), place, recipient, signing))
    return sealed


def publish(settings: Settings, run: Taken, sealed: Sequence[bytes]) -> None:
    """Publish with this hub's certificate, QoS 1. Raises BrokerUnavailable."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=str(run.hub), protocol=mqtt.MQTTv5)
    client.connect_timeout = ANSWER_S
    client.tls_set_context(_context(folder(settings, run.organisation)))
    answers: queue.Queue[int] = queue.Queue()
    client.on_publish = lambda _client, _data, _mid, reason, _more: answers.put(reason.value)
    try:
        client.connect(settings.broker_host, settings.broker_port)
        client.loop_start()
        topic = topic_up(run.hub, Class.ALERT)
        for envelope in sealed:
            client.publish(topic, envelope, qos=1)
        # Refused is as bad as not answered; so is a broker at which ingest has never been.
        if any(answers.get(timeout=ANSWER_S) for _ in sealed):
            raise BrokerUnavailable("It takes nothing from this hub, or nobody listens.")
    except (OSError, ValueError, queue.Empty) as error:
        raise BrokerUnavailable(type(error).__name__) from None
    finally:
        client.disconnect()
        client.loop_stop()


def renew(connection: Connection, settings: Settings, run: Taken, now: datetime) -> None:
    """See that the certificate lasts; as an operator's `hub add` made it."""
    kit = folder(settings, run.organisation)
    try:
        held = x509.load_pem_x509_certificate((kit / "hub.crt").read_bytes())
    except (OSError, ValueError):
        raise WrongInput(f"{kit} has no certificate; `watchdog setup` makes it anew.") from None
    if held.not_valid_after_utc - now > RENEW_BEFORE:
        return
    credential = issue_client(SiteKeys(settings.keys).authority(), str(run.hub), now, HUB_LIFE)
    record_certificate(connection, run.hub, credential.certificate, "kit", now)
    write_credential(kit, "hub", credential)


def _body(
    run: Taken,
    session: UUID,
    order: int,
    pressure: tuple[int, int],
    at: datetime,
    now: datetime,
    seq: int,
) -> RawBody:
    wall = DeviceTime(
        year=now.year,
        month=now.month,
        day=now.day,
        hour=now.hour,
        minute=now.minute,
        second=now.second,
    )
    arrival = Arrival(
        device=run.device,
        profile=PROFILE,
        session=session,
        order=order,
        received_at=now,
        clock=ClockCheck(hub_time=now.replace(microsecond=0), device_time=wall),
    )
    octets = struct.pack(
        "<BHHHH5B", 0b10, *pressure, NAN, at.year, at.month, at.day, at.hour, at.minute, at.second
    )
    # What an earlier run could not send is not missed by anybody.
    before = ((1, seq - 1),) if seq > 1 else ()
    return RawBody(
        arrival=arrival,
        indication=Indication(uuid=BLOOD_PRESSURE_MEASUREMENT, octets=octets),
        supersedes=before,
    )


def _recipient(records: Sequence[RecipientRecord], now: datetime) -> RecipientPublic:
    valid = [record for record in records if record.not_before <= now < record.not_after]
    newest = max(valid or records, key=lambda record: record.not_before)
    return RecipientPublic(newest.suite, newest.public)


def _signing_key(kit: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key((kit / "signing.key").read_bytes(), None)
    except (OSError, ValueError):
        raise WrongInput(f"{kit} has no key; `watchdog setup` makes it anew.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise WrongInput(f"{kit}: signing.key is not Ed25519.")
    return key


def _context(kit: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(kit / "ca.crt"))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(kit / "hub.crt", kit / "hub.key")
    return context
