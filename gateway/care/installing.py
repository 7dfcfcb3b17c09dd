"""Installation, step by step: what is done, what comes next, and what to do where it does not."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from alerting.words import Said, template
from device_profiles.problems import ADVICE
from device_profiles.registry import PROFILES
from device_profiles.wire.enrolment import Invitation
from device_profiles.wire.keys import Suite
from gateway.core.shards import new_hub_id
from gateway.enrolment import invite as inviting
from gateway.enrolment.invite import Door
from gateway.enrolment.proved import proved
from gateway.enrolment.replace import replace_hub
from gateway.errors import Conflict, NotFound
from gateway.storage import belonging, enrolments, homes, installs, revocations
from gateway.storage.database import Connection
from gateway.storage.installs import Install, InstalledDevice
from gateway.storage.registrations import find_registered

State = Literal["done", "now", "later", "wrong"]
Stage = Literal["invite", "compare", "pair", "measure", "receipt", "done", "out"]
# It tells of itself every minute.
ONLINE: Final = timedelta(minutes=3)
TELL: Final = "SELECT pg_notify('hub', '')"

HUB_NAME: Final = template("{name}'s home")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the checklist."""

    key: str
    state: State
    title: str
    detail: Said | None = None
    at: datetime | None = None


def new_hub(connection: Connection, organisation: UUID, patient: UUID) -> UUID:
    """Register a hub for a patient's home; it has no keys yet. Raises NotFound."""
    known = find_registered(connection, patient)
    hub = homes.HubRow(new_hub_id(), organisation, known.details.timezone, Suite.MLKEM768_X25519)
    enrolments.add_invited_hub(connection, hub, HUB_NAME.format(name=known.name))
    installs.stands_with(connection, hub.id, patient)
    return hub.id


def new_invitation(
    connection: Connection, door: Door, hub: UUID, by: str, now: datetime
) -> Invitation:
    """Make an invitation; those before it serve no more. Raises Conflict for a hub that serves."""
    return inviting.invite_again(connection, door, hub, by, now)


def replace_by_another(connection: Connection, old: UUID, by: str, now: datetime) -> UUID:
    """Register a hub in a broken one's place, and refuse that from now on; return the new id."""
    before = installs.find_install(connection, old)
    if before.state not in ("active", "suspended"):
        raise Conflict("It has never served: make a new invitation for it instead.")
    new = replace_hub(connection, old, new_hub_id(), by, now)
    revocations.refuse(connection, old, "replaced", by)
    tell_of_hubs(connection)
    return new.id


def shut_out(connection: Connection, hub: UUID, reason: str, by: str) -> None:
    """Refuse a hub for ever; the broker's keeper does the rest. Raises NotFound."""
    revocations.refuse(connection, hub, reason, by)
    tell_of_hubs(connection)


def take_away(connection: Connection, hub: UUID, device: UUID, by: str, now: datetime) -> None:
    """End what pairs a device with a hub, and whose it is. What was measured stays theirs."""
    belonging.end_pairing(connection, hub, device, now, by)
    with suppress(NotFound):
        belonging.end_assignment(connection, belonging.Whose(device), now, by)


@dataclass(frozen=True, slots=True)
class Named:
    """A device, by what its hub has proved, or by what stands on it."""

    proof: str = ""
    address: str = ""
    profile: str = ""
    slot: int | None = None


def pair(connection: Connection, hub: UUID, named: Named, patient: UUID, now: datetime) -> UUID:
    """Give a device to a hub and a patient; return its id. Raises WrongInput, Conflict."""
    row = homes.find_hub(connection, hub)
    if named.proof:
        shown = proved(connection, hub, named.proof, now)
        new = shown.pairing(patient, named.slot, None)
    else:
        new = homes.NewPairing(named.address, named.profile, patient, named.slot, now)
    return homes.pair_device(connection, row, new)


def tell_of_hubs(connection: Connection) -> None:
    """Tell the broker's keeper that hubs have changed, once this is committed."""
    connection.execute(TELL)


def stage(hub: Install) -> Stage:
    """Return what the technician is to do now."""
    if hub.state in ("revoked", "suspended"):
        return "out"
    if hub.state == "invited":
        return "invite"
    if hub.state == "enrolled":
        return "compare"
    if hub.receipt_at is not None:
        return "done"
    if not hub.devices:
        return "pair"
    return "receipt" if hub.reading_at is not None else "measure"


# A device is paired while the hub's agent does not run: that does not wait for the hub to be heard.
AFTER: Final = {
    "confirmed": "invited",
    "online": "confirmed",
    "clock": "online",
    "paired": "confirmed",
    "reading": "paired",
    "test": "reading",
}
INVITED: Final = template("Invitation")
CONFIRMED: Final = template("Six digits compared")
ONLINE_TITLE: Final = template("Online")
CLOCK: Final = template("Clock")
PAIRED: Final = template("Device paired")
READING: Final = template("First reading")
TEST: Final = template("Test task and receipt")


def checklist(hub: Install, devices: Sequence[InstalledDevice], now: datetime) -> tuple[Step, ...]:
    """Return the steps; what needs another one first comes later."""
    found = {step.key: step for step in _steps(hub, devices, now)}
    return tuple(
        replace(step, state="later") if step.state != "done" and _waits(step, found) else step
        for step in found.values()
    )


def _waits(step: Step, found: Mapping[str, Step]) -> bool:
    before = AFTER.get(step.key)
    return before is not None and found[before].state != "done"


def _steps(hub: Install, devices: Sequence[InstalledDevice], now: datetime) -> Iterator[Step]:
    yield _invited(hub, now)
    yield _confirmed(hub)
    yield _online(hub, now)
    yield _clock(hub, now)
    yield _paired(devices)
    yield _reading(hub)
    if hub.receipt_at is not None:
        yield Step("test", "done", TEST, at=hub.receipt_at)
    else:
        yield Step("test", "now", TEST, Said.of("Follows the first reading on its whole way."))


def _invited(hub: Install, now: datetime) -> Step:
    if hub.state not in ("invited", "revoked"):
        return Step("invited", "done", INVITED, at=hub.enrolled_at)
    if hub.state == "revoked":
        return Step("invited", "wrong", INVITED, Said.of("This hub is shut out."))
    if hub.burnt_reason == "used_by_another_key":
        said = Said.of("Two boxes used the invitation, so neither is believed. Make a new one.")
        return Step("invited", "wrong", INVITED, said)
    if hub.burnt_reason == "wrong_digits":
        return Step(
            "invited", "wrong", INVITED, Said.of("Wrong digits, three times. Make a new one.")
        )
    if hub.invitation_ends_at is None:
        return Step(
            "invited", "now", INVITED, Said.of("Show it to the box: as a code, text or file.")
        )
    if hub.invitation_ends_at <= now:
        return Step("invited", "wrong", INVITED, Said.of("It has expired. Make a new one."))
    return Step("invited", "now", INVITED, Said.of("Waits for the box to use it."), hub.invited_at)


def _confirmed(hub: Install) -> Step:
    if hub.state == "enrolled":
        said = Said.of("Type the six digits that the box shows. They prove that it is this box.")
        return Step("confirmed", "now", CONFIRMED, said)
    done = hub.confirmed_at is not None or hub.state in ("active", "suspended")
    said = Said.of("The box shows them once it has used the invitation.")
    if not done:
        return Step("confirmed", "now", CONFIRMED, said)
    return Step("confirmed", "done", CONFIRMED, at=hub.confirmed_at)


def _online(hub: Install, now: datetime) -> Step:
    if hub.heard_at is None:
        return Step("online", "now", ONLINE_TITLE, Said.of("Not heard yet; it tells every minute."))
    if now - hub.heard_at > ONLINE:
        said = Said.of("Not heard lately. Has it power, and the network?")
        return Step("online", "wrong", ONLINE_TITLE, said, hub.heard_at)
    return Step("online", "done", ONLINE_TITLE, at=hub.heard_at)


def _clock(hub: Install, now: datetime) -> Step:
    if hub.clock_ok:
        return Step("clock", "done", CLOCK)
    said = Said.of("It fetches the time from the network; readings wait for it.")
    late = hub.clock_ok is False and hub.heard_at is not None and now - hub.heard_at <= ONLINE
    return Step("clock", "wrong" if late else "now", CLOCK, said)


def _paired(devices: Sequence[InstalledDevice]) -> Step:
    if not devices:
        said = Said.of("Run `hearthline-edge pair` on the hub, or type what stands on the device.")
        return Step("paired", "now", PAIRED, said)
    problem = next((each for each in devices if each.problem), None)
    if problem is not None:
        advice = ADVICE.get(problem.problem or "", "")
        return Step("paired", "wrong", PAIRED, Said.of(advice or str(problem.problem)))
    heard = [each.last_seen for each in devices if each.last_seen]
    if len(heard) < len(devices):
        unheard = next(each for each in devices if not each.last_seen)
        said = Said.of(
            "{device}: not heard by the hub yet. Measure once beside it.",
            device=PROFILES[unheard.profile].name if unheard.profile in PROFILES else "?",
        )
        return Step("paired", "now", PAIRED, said)
    return Step("paired", "done", PAIRED, at=max(heard))


def _reading(hub: Install) -> Step:
    if hub.reading_at is not None:
        return Step("reading", "done", READING, at=hub.reading_at)
    if hub.held:
        said = Said.of("A reading came, and is held: it may be yours. Measure with the patient.")
        return Step("reading", "now", READING, said)
    return Step("reading", "now", READING, Said.of("Take one measurement with the patient."))
