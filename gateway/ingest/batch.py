"""One small batch of envelopes, in one transaction: accepted, refused, accounted for, receipted."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg.types.json import Jsonb

from alerting.rules.jump import Jump
from device_profiles.wire.body import GapBody, StatusBody
from device_profiles.wire.keys import RecipientPrivate
from device_profiles.wire.v1 import Header, Receipt
from gateway.care.jumps import ask
from gateway.core.acceptance import (
    NEVER_RECEIPTED,
    Body,
    Delivery,
    Hub,
    Reason,
    Refused,
    Taken,
    Verified,
    claimed_hub,
    open_body,
    read_body,
    verify,
)
from gateway.core.ledger import Span, receipt
from gateway.fail_points import reached
from gateway.ingest.jumps import Doubt, find_jumps, jump_rules
from gateway.storage import arrivals
from gateway.storage.arrivals import Life, Place, Row, Stored
from gateway.storage.database import Connection
from gateway.storage.key_uses import Use, note_uses


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens envelopes and signs receipts."""

    recipients: Mapping[bytes, RecipientPrivate]
    receipts: Ed25519PrivateKey


@dataclass(slots=True)
class Outcome:
    """What became of a batch, once committed."""

    receipts: list[Receipt] = field(default_factory=list)
    stored: int = 0
    duplicates: int = 0
    redelivered: int = 0
    quarantined: dict[Reason, int] = field(default_factory=dict)


@dataclass(slots=True)
class Opened:
    """A verified envelope on its way to its disposition."""

    delivery: Delivery
    header: Header
    hub: Hub
    sha256: bytes
    body: Body | None = None
    taken: tuple[Taken, ...] = ()
    patients: tuple[UUID, ...] = ()
    refused: Reason | None = None

    @property
    def place(self) -> Place:
        """Return the envelope's place in its hub's sequence."""
        return self.header.hub, self.header.epoch, self.header.seq


class Batch:
    """The steps of one batch, in their order. Made anew for every transaction.

    `jumps` replaces the packs' rules for what is held.
    """

    def __init__(
        self, connection: Connection, keys: Keys, jumps: Sequence[Jump] | None = None
    ) -> None:
        self.connection = connection
        self.keys = keys
        self.jumps = jump_rules() if jumps is None else jumps
        self.outcome = Outcome()
        self.spans: dict[Life, list[Span]] = defaultdict(list)
        self.told: dict[Life, list[int]] = defaultdict(list)
        self.uses: dict[Use, int] = {}

    def accept(self, deliveries: Sequence[Delivery], force: Reason | None = None) -> Outcome:
        """Take all deliveries. `force` quarantines what is new, for a batch that cannot pass."""
        opened = self._unseen(self._verified(deliveries))
        for one in opened:
            self._open(one) if force is None else setattr(one, "refused", force)
        self._own([one for one in opened if one.taken])
        doubts = self._hold_jumps(opened)
        new = arrivals.store_readings(
            self.connection,
            [
                Stored(one.header, taken, patient)
                for one in opened
                for taken, patient in zip(one.taken, one.patients, strict=False)
            ],
        )
        self._record(opened, new)
        for one, doubt in doubts:
            ask(self.connection, one.header, doubt, one.delivery.received_at)
        self._settle()
        reached("stored")
        return self.outcome

    def _verified(self, deliveries: Sequence[Delivery]) -> list[Opened]:
        claimed = {claimed_hub(delivery.envelope) for delivery in deliveries} - {None}
        hubs = arrivals.load_hubs(self.connection, [hub for hub in claimed if hub])
        verified = []
        for delivery in deliveries:
            sha256 = hashlib.sha256(delivery.envelope).digest()
            match verify(delivery, hubs):
                case Verified(header, hub):
                    verified.append(Opened(delivery, header, hub, sha256))
                case Refused() as refused:
                    self._quarantine(delivery, sha256, refused)
        return verified

    def _unseen(self, verified: Sequence[Opened]) -> list[Opened]:
        """Set aside what was stored before: told again it is harmless, altered it is an attack."""
        known = arrivals.known_hashes(self.connection, [one.header for one in verified])
        unseen = []
        for one in verified:
            before = known.get(one.place)
            if before is None:
                known[one.place] = one.sha256
                unseen.append(one)
            elif before == one.sha256:
                self.outcome.redelivered += 1
                self._account(one)
            else:
                self._attack(one)
        return unseen

    def _attack(self, one: Opened) -> None:
        refused = Refused(Reason.ALTERED_REPLAY, one.header, one.hub.organisation)
        if not self._quarantine(one.delivery, one.sha256, refused):
            return  # told before
        detail = Jsonb({"epoch": one.header.epoch, "seq": one.header.seq})
        self.connection.execute(
            arrivals.SECURITY_EVENT,
            [one.hub.organisation, one.header.hub, Reason.ALTERED_REPLAY, detail],
        )

    def _open(self, one: Opened) -> None:
        body = open_body(one.delivery, Verified(one.header, one.hub), self.keys.recipients)
        if isinstance(body, Refused):
            one.refused = body.reason
            return
        one.body = body
        self._use(one)
        if isinstance(body, StatusBody | GapBody):
            return
        readings = read_body(body, one.hub.zone, one.delivery.received_at)
        if isinstance(readings, Reason):
            one.refused = readings
        else:
            one.taken = readings

    def _use(self, one: Opened) -> None:
        """Note the first place at which a hub sealed to a key: `keys destroy` asks for it."""
        header = one.header
        use = (one.hub.organisation, header.hub, header.epoch, header.recipient)
        self.uses[use] = min(header.seq, self.uses.get(use, header.seq))

    def _own(self, opened: Sequence[Opened]) -> None:
        found = iter(
            arrivals.owners(
                self.connection, [(one.header, taken) for one in opened for taken in one.taken]
            )
        )
        for one in opened:
            owners = [next(found) for _ in one.taken]
            if not all(owner.paired for owner in owners):
                one.refused = Reason.NOT_PAIRED
            elif any(owner.patient is None for owner in owners):
                one.refused = Reason.UNASSIGNED
            else:
                one.patients = tuple(owner.patient for owner in owners if owner.patient)

    def _hold_jumps(self, opened: Sequence[Opened]) -> list[tuple[Opened, Doubt]]:
        """Set aside what is probably somebody else's; an envelope is held as a whole."""
        owned = [
            (n, taken, patient)
            for n, one in enumerate(opened)
            for taken, patient in zip(one.taken, one.patients, strict=False)
        ]
        found = [
            (opened[doubt.candidate.n], doubt)
            for doubt in find_jumps(self.connection, owned, self.jumps)
        ]
        for one, _ in found:
            one.refused, one.patients = Reason.IMPLAUSIBLE_JUMP, ()
        return found

    def _record(self, opened: Sequence[Opened], new: set[UUID]) -> None:
        rows = []
        for one in opened:
            if one.refused:
                refused = Refused(one.refused, one.header, one.hub.organisation)
                self._quarantine(one.delivery, one.sha256, refused, one.taken)
            self._account(one)
            self._note(one)
            if not isinstance(one.body, StatusBody):
                rows.append(self._row(one, new))
            new -= {taken.id for taken in one.taken}
        if rows:
            self.connection.execute(arrivals.ENVELOPES, [Jsonb(rows)])

    def _row(self, one: Opened, new: set[UUID]) -> Row:
        sealed_at = arrivals.utc(one.header.sealed_at_ms)
        sent_at = one.delivery.sent_at
        return {
            "hub_id": str(one.header.hub),
            "epoch": one.header.epoch,
            "seq": one.header.seq,
            "organisation_id": str(one.hub.organisation),
            "sha256": one.sha256.hex(),
            "kind": one.body.type if one.body else "unknown",
            "disposition": self._disposition(one, new),
            "reason": one.refused,
            "reading_id": str(one.taken[0].id) if one.taken and not one.refused else None,
            "sealed_at": sealed_at.isoformat() if sealed_at else None,
            "sent_at": sent_at.isoformat() if sent_at else None,
            "received_at": one.delivery.received_at.isoformat(),
        }

    def _disposition(self, one: Opened, new: set[UUID]) -> str:
        if one.refused:
            return "quarantined"
        if not one.taken:
            return "noted"
        if any(taken.id in new for taken in one.taken):
            self.outcome.stored += 1
            return "stored"
        self.outcome.duplicates += 1
        return "duplicate"

    def _note(self, one: Opened) -> None:
        header, body = one.header, one.body
        match body:
            case StatusBody():
                self._status(one, body)
            case GapBody():
                seqs = arrivals.multirange(body.supersedes)
                self.connection.execute(
                    arrivals.GAP,
                    [one.hub.organisation, header.hub, header.epoch, seqs, body.reason, body.at],
                )
            case _:
                pass

    def _status(self, one: Opened, body: StatusBody) -> None:
        problems = {str(each.device): each.problem for each in body.devices if each.problem}
        told = {
            "hub": one.header.hub,
            "organisation": one.hub.organisation,
            "epoch": one.header.epoch,
            "seq": one.header.seq,
            "at": body.at,
            "received_at": one.delivery.received_at,
            "body": Jsonb(body.model_dump(mode="json", exclude={"supersedes"})),
            "problems": Jsonb(problems),
            "oldest": min(body.oldest or one.header.seq, one.header.seq),
        }
        self.connection.execute(arrivals.STATUS, told)
        self.connection.execute(arrivals.WRITE_OFF, told)

    def _account(self, one: Opened) -> None:
        key = Life(one.hub.organisation, one.header.hub, one.header.epoch)
        self.spans[key].append((one.header.seq, one.header.seq))
        if one.body:
            self.spans[key].extend(one.body.supersedes)
        if one.refused:
            self.told[key].append(one.header.seq)

    def _settle(self) -> None:
        note_uses(self.connection, self.uses)
        for life, accounted in arrivals.account(self.connection, self.spans).items():
            told = receipt(life.hub, life.epoch, accounted, self.told[life])
            self.outcome.receipts.append(told)

    def _quarantine(
        self, delivery: Delivery, sha256: bytes, refused: Refused, taken: Sequence[Taken] = ()
    ) -> bool:
        """Keep it with its reason; say whether it is seen for the first time.

        Of what could be opened people are told device, slot and time: they are asked whose it is.
        """
        header, about = refused.header, taken[0] if taken else None
        row = self.connection.execute(
            arrivals.QUARANTINE,
            {
                "organisation_id": refused.organisation,
                "hub_id": header.hub if header else None,
                "epoch": header.epoch if header else None,
                "seq": header.seq if header else None,
                "topic": delivery.topic,
                "envelope": delivery.envelope,
                "sha256": sha256,
                "reason": refused.reason,
                "receipted": refused.reason not in NEVER_RECEIPTED,
                "received_at": delivery.received_at,
                "device_id": about.arrival.device if about else None,
                "user_slot": about.reading.user if about else None,
                "measured_at": about.measured_at if about else None,
            },
        ).fetchone()
        counts = self.outcome.quarantined
        counts[refused.reason] = counts.get(refused.reason, 0) + 1
        return bool(row and row["first"])
