"""The second factor: six digits of an authenticator app (RFC 6238), or a recovery code."""

import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

import pyotp
import segno

from alerting.words import template
from gateway.access.secrets import same
from gateway.access.site_key import SiteKey
from gateway.errors import Conflict
from gateway.storage.credentials import (
    set_recovery_codes,
    set_totp,
    spend_recovery_code,
    take_step,
    totp_of,
)
from gateway.storage.database import Connection

STEP_S: Final = 30
# A clock may be half a minute wrong.
AROUND: Final = (0, -1, 1)
DIGITS: Final = 6
ISSUER: Final = "Hearthline"
CODES: Final = 10
# Without letters that are taken for others.
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
HALF: Final = 5


def begin_totp(key: SiteKey, connection: Connection, person: UUID, now: datetime) -> str:
    """Return a new secret, which the first code confirms. Raises Conflict where there is one."""
    secret = pyotp.random_base32()
    if not set_totp(connection, person, key.seal(person, secret), now):
        raise Conflict(template("An authenticator app is set up already; remove it first."))
    return secret


def pending_totp(key: SiteKey, connection: Connection, person: UUID) -> str | None:
    """Return the secret that is not confirmed yet."""
    row = totp_of(connection, person)
    if row is None or row["confirmed_at"] is not None:
        return None
    return key.unseal(person, row["sealed"])


def as_picture(secret: str, email: str) -> str:
    """Return the QR code that the app reads, as a data URI."""
    uri = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)
    return str(segno.make(uri, error="m").svg_data_uri(scale=5, border=4, light="#fff"))


def is_totp(
    key: SiteKey,
    connection: Connection,
    person: UUID,
    code: str,
    now: datetime,
    *,
    first: bool = False,
) -> bool:
    """Say whether these are the digits of now; each is taken once. The first confirms the app."""
    row, digits = totp_of(connection, person), code.replace(" ", "")
    if row is None or (row["confirmed_at"] is None) is not first or len(digits) != DIGITS:
        return False
    totp, step = pyotp.TOTP(key.unseal(person, row["sealed"])), int(now.timestamp()) // STEP_S
    for at in (step + offset for offset in AROUND):
        if same(totp.at(at * STEP_S), digits):
            return take_step(connection, person, at, now)
    return False


def is_code(key: SiteKey, connection: Connection, person: UUID, code: str, now: datetime) -> bool:
    """Say whether it is the app's code or an unspent recovery code; it is spent by that."""
    if is_totp(key, connection, person, code, now):
        return True
    return spend_recovery_code(connection, person, _digest(key, person, code), now)


def new_recovery_codes(key: SiteKey, connection: Connection, person: UUID) -> list[str]:
    """Return ten codes, to be kept on paper; the ones before are void."""
    codes = [f"{_letters()}-{_letters()}" for _ in range(CODES)]
    set_recovery_codes(connection, person, [_digest(key, person, code) for code in codes])
    return codes


def _letters() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(HALF))


def _digest(key: SiteKey, person: UUID, code: str) -> bytes:
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return key.digest("recovery", f"{person} {plain}")
