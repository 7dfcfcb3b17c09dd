"""Confirmation: the six digits that a hub shows are those of the keys that enrolled."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from alerting.words import template
from device_profiles.wire.enrolment import same, six_digits
from gateway.errors import Conflict, WrongDigits
from gateway.storage import enrolments
from gateway.storage.certificates import newest, revoke_certificates
from gateway.storage.database import Connection, Database
from gateway.storage.enrolments import EnrollingHub

# Who mistypes twice shall look again; who guesses has a chance of 3 in a million.
TRIES: Final = 3
LEFT: Final = {2: template("Two more tries."), 1: template("One more try.")}


def confirm(
    database: Database,
    hub: UUID,
    digits: str,
    by: str,
    now: datetime,
    note: Callable[[Connection], object] | None = None,
) -> bool:
    """Make an enrolled hub active; False where it is already. Raises WrongDigits, Conflict.

    `note` records it, in the same transaction.
    """
    with database.transaction() as connection:
        done = try_digits(connection, hub, digits, by, now)
        if done is True and note is not None:
            note(connection)
    if isinstance(done, WrongDigits):
        raise done
    return done


def try_digits(
    connection: Connection, hub: UUID, digits: str, by: str, now: datetime
) -> bool | WrongDigits:
    """The same in a transaction of the caller's, who commits in every case: tries are counted."""
    found = enrolments.lock_hub(connection, hub)
    if found.state == "active":
        return False
    wrong = _check(connection, found, digits, now)
    if wrong is None:
        connection.execute(enrolments.CONFIRMED, {"hub": hub, "by": by, "now": now})
    return wrong or True


def digits_of(connection: Connection, hub: EnrollingHub) -> str:
    """Return the six digits of the keys that enrolled. Raises Conflict where none did."""
    certificate = newest(connection, hub.row.id)
    if hub.state != "enrolled" or hub.signing_key is None or certificate is None:
        raise Conflict(f"The hub is {hub.state}: no box waits for its confirmation.")
    return six_digits(certificate.spki, hub.signing_key)


def _check(
    connection: Connection, hub: EnrollingHub, digits: str, now: datetime
) -> WrongDigits | None:
    expected = digits_of(connection, hub)
    token = enrolments.used_token(connection, hub.row.id)
    if token is None or token["burnt_reason"] is not None:
        raise Conflict(
            "Its invitation was used by two boxes, so neither is believed; "
            "`hub reinvite` makes a new one."
        )
    if same(digits.encode(), expected.encode()):
        return None
    connection.execute(enrolments.WRONG, [token["sha256"]])
    enrolments.security_event(connection, hub, "wrong_digits", now)
    left = TRIES - token["wrong_digits"] - 1
    if left > 0:
        return WrongDigits(LEFT[left])
    enrolments.burn(connection, token["sha256"], "wrong_digits", now)
    revoke_certificates(connection, hub.row.id, "wrong_digits", now)
    connection.execute(enrolments.INVITED_AGAIN, [hub.row.id])
    return WrongDigits("That was the last try; `hub reinvite` makes a new invitation.")
