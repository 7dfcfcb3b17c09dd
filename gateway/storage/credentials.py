"""What signs somebody in beside a password: authenticator app, passkeys, codes, a provider."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.storage.database import Connection

SET_TOTP: Final = """
INSERT INTO totp (person_id, sealed, created_at) VALUES (%s, %s, %s)
ON CONFLICT (person_id) DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at,
    last_step = 0 WHERE totp.confirmed_at IS NULL"""
TOTP: Final = "SELECT sealed, last_step, confirmed_at FROM totp WHERE person_id = %s"
# A code is taken once, also where two requests bring it at the same moment.
TAKE_STEP: Final = """
UPDATE totp SET last_step = %(step)s, confirmed_at = coalesce(confirmed_at, %(now)s)
WHERE person_id = %(person)s AND last_step < %(step)s"""
ADD_PASSKEY: Final = """
INSERT INTO passkey (handle, person_id, name, public_key, counter, created_at)
VALUES (%(handle)s, %(person)s, %(name)s, %(public_key)s, %(counter)s, %(now)s)"""
PASSKEYS: Final = """
SELECT handle, name, created_at, used_at FROM passkey WHERE person_id = %s ORDER BY created_at"""
PASSKEY: Final = """
SELECT k.person_id, k.public_key, k.counter, p.disabled_at FROM passkey k
JOIN person p ON p.id = k.person_id WHERE k.handle = %s FOR UPDATE OF k"""
USE_PASSKEY: Final = "UPDATE passkey SET counter = %s, used_at = %s WHERE handle = %s"
DROP_PASSKEY: Final = "DELETE FROM passkey WHERE handle = %s AND person_id = %s"
SPEND: Final = """
UPDATE recovery_code SET used_at = %s WHERE digest = %s AND person_id = %s AND used_at IS NULL"""
LEFT: Final = """
SELECT count(*) AS codes FROM recovery_code WHERE person_id = %s AND used_at IS NULL"""
HAS: Final = """
SELECT EXISTS (SELECT FROM totp WHERE person_id = %(person)s AND confirmed_at IS NOT NULL) AS totp,
       EXISTS (SELECT FROM passkey WHERE person_id = %(person)s) AS passkey"""
CAN_SIGN_IN: Final = """
SELECT EXISTS (SELECT FROM password WHERE person_id = %(person)s)
    OR EXISTS (SELECT FROM passkey WHERE person_id = %(person)s)
    OR EXISTS (SELECT FROM oidc_identity WHERE person_id = %(person)s) AS can"""
BY_SUBJECT: Final = """
SELECT p.id, p.disabled_at FROM oidc_identity i JOIN person p ON p.id = i.person_id
WHERE i.issuer = %s AND i.subject = %s"""
LINK: Final = """
INSERT INTO oidc_identity (issuer, subject, person_id, created_at) VALUES (%s, %s, %s, %s)"""
FORGET: Final = ("password", "totp", "passkey", "recovery_code", "oidc_identity")


@dataclass(frozen=True, slots=True)
class Has:
    """Which second factors somebody has."""

    totp: bool
    passkey: bool

    @property
    def any(self) -> bool:
        """Say whether there is one."""
        return self.totp or self.passkey


def second_factors(connection: Connection, person: UUID) -> Has:
    """Return which second factors somebody has."""
    row = connection.execute(HAS, {"person": person}).fetchone()
    return Has(**row) if row else Has(totp=False, passkey=False)


def can_sign_in(connection: Connection, person: UUID) -> bool:
    """Say whether somebody has a first factor: a password, a passkey, or a provider."""
    row = connection.execute(CAN_SIGN_IN, {"person": person}).fetchone()
    return bool(row and row["can"])


def set_totp(connection: Connection, person: UUID, sealed: bytes, now: datetime) -> bool:
    """Store a secret that is not confirmed yet; not where one is confirmed already."""
    return connection.execute(SET_TOTP, [person, sealed, now]).rowcount == 1


def totp_of(connection: Connection, person: UUID) -> dict[str, Any] | None:
    """Return somebody's sealed secret and the last step that was taken."""
    return connection.execute(TOTP, [person]).fetchone()


def drop_totp(connection: Connection, person: UUID) -> None:
    """Forget somebody's authenticator app."""
    connection.execute("DELETE FROM totp WHERE person_id = %s", [person])


def take_step(connection: Connection, person: UUID, step: int, now: datetime) -> bool:
    """Take a code's step; say whether it, or a later one, was not taken before."""
    return connection.execute(TAKE_STEP, {"person": person, "step": step, "now": now}).rowcount == 1


def add_passkey(connection: Connection, now: datetime, **passkey: Any) -> None:
    """Store a passkey: handle, person, name, public_key, counter."""
    connection.execute(ADD_PASSKEY, {**passkey, "now": now})


def passkeys_of(connection: Connection, person: UUID) -> list[dict[str, Any]]:
    """Return somebody's passkeys."""
    return connection.execute(PASSKEYS, [person]).fetchall()


def passkey_by_handle(connection: Connection, handle: bytes) -> dict[str, Any] | None:
    """Return a passkey and whose it is."""
    return connection.execute(PASSKEY, [handle]).fetchone()


def use_passkey(connection: Connection, handle: bytes, counter: int, now: datetime) -> None:
    """Note that a passkey was used."""
    connection.execute(USE_PASSKEY, [counter, now, handle])


def drop_passkey(connection: Connection, handle: bytes, person: UUID) -> bool:
    """Forget a passkey; say whether there was one."""
    return connection.execute(DROP_PASSKEY, [handle, person]).rowcount == 1


def set_recovery_codes(connection: Connection, person: UUID, digests: Sequence[bytes]) -> None:
    """Replace somebody's recovery codes."""
    connection.execute("DELETE FROM recovery_code WHERE person_id = %s", [person])
    for digest in digests:
        connection.execute(
            "INSERT INTO recovery_code (digest, person_id) VALUES (%s, %s)", [digest, person]
        )


def spend_recovery_code(connection: Connection, person: UUID, digest: bytes, now: datetime) -> bool:
    """Use a recovery code; say whether it was one that is left."""
    return connection.execute(SPEND, [now, digest, person]).rowcount == 1


def recovery_codes_left(connection: Connection, person: UUID) -> int:
    """Return how many recovery codes are left."""
    row = connection.execute(LEFT, [person]).fetchone()
    return int(row["codes"]) if row else 0


def person_at_provider(connection: Connection, issuer: str, subject: str) -> dict[str, Any] | None:
    """Return who somebody at a provider is here."""
    return connection.execute(BY_SUBJECT, [issuer, subject]).fetchone()


def link_to_provider(
    connection: Connection, issuer: str, subject: str, person: UUID, now: datetime
) -> None:
    """Note who somebody at a provider is here."""
    connection.execute(LINK, [issuer, subject, person, now])


def forget_credentials(connection: Connection, person: UUID) -> None:
    """Forget all that signs somebody in: only a new link does then."""
    for table in FORGET:
        connection.execute(f"DELETE FROM {table} WHERE person_id = %s", [person])  # noqa: S608
