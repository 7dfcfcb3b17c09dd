"""Passkeys (Web Authentication, Level 2): both factors at once, since the device asks who it is."""

import json
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from gateway.access.desk import Desk
from gateway.access.secrets import digest, new_secret
from gateway.access.session import Session
from gateway.errors import WrongInput
from gateway.storage.credentials import (
    add_passkey,
    passkey_by_handle,
    passkeys_of,
    use_passkey,
)
from gateway.storage.database import Connection
from gateway.storage.doorway import begin_ceremony, finish_ceremony

LASTS: Final = timedelta(minutes=5)
LONGEST_NAME: Final = 60
ASKS_WHO: Final = UserVerificationRequirement.REQUIRED


class PasskeyRefused(WrongInput):
    """This passkey was not accepted; try again, or sign in another way."""

    status, code = 401, "passkey_refused"


def offer_registration(desk: Desk, connection: Connection, session: Session) -> dict[str, Any]:
    """Return what the browser makes a passkey of, and the ticket that goes with the answer."""
    known = [
        PublicKeyCredentialDescriptor(id=row["handle"])
        for row in passkeys_of(connection, session.who.id)
    ]
    options = generate_registration_options(
        rp_id=_place(desk),
        rp_name="Hearthline",
        user_id=session.who.id.bytes,
        user_name=session.email,
        user_display_name=session.who.name,
        exclude_credentials=known,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=ASKS_WHO
        ),
    )
    return _offer(desk, connection, "new passkey", options, options.challenge, session.who.id)


def register(
    desk: Desk,
    connection: Connection,
    session: Session,
    ticket: str,
    name: str,
    credential: dict[str, Any],
) -> None:
    """Store the passkey that the browser made. Raises PasskeyRefused."""
    challenge = _challenge(desk, connection, "new passkey", ticket, session.who.id)
    try:
        made = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_place(desk),
            expected_origin=desk.settings.console_origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError):
        raise PasskeyRefused from None
    add_passkey(
        connection,
        desk.now(),
        handle=made.credential_id,
        person=session.who.id,
        name=name.strip()[:LONGEST_NAME] or "Passkey",
        public_key=made.credential_public_key,
        counter=made.sign_count,
    )


def offer(desk: Desk, connection: Connection) -> dict[str, Any]:
    """Return what any passkey of this site can answer, and the ticket of the answer."""
    options = generate_authentication_options(rp_id=_place(desk), user_verification=ASKS_WHO)
    return _offer(desk, connection, "passkey", options, options.challenge, None)


def whose(desk: Desk, connection: Connection, ticket: str, credential: dict[str, Any]) -> UUID:
    """Return whose passkey answered. Raises PasskeyRefused."""
    challenge = _challenge(desk, connection, "passkey", ticket, None)
    try:
        handle = base64url_to_bytes(str(credential.get("rawId", "")))
        row = passkey_by_handle(connection, handle)
        if row is None or row["disabled_at"] is not None:
            raise PasskeyRefused
        shown = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_place(desk),
            expected_origin=desk.settings.console_origin,
            credential_public_key=row["public_key"],
            credential_current_sign_count=row["counter"],
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError):
        raise PasskeyRefused from None
    use_passkey(connection, handle, shown.new_sign_count, desk.now())
    person: UUID = row["person_id"]
    return person


def _place(desk: Desk) -> str:
    return urlsplit(desk.settings.console_origin).hostname or "localhost"


def _offer(
    desk: Desk,
    connection: Connection,
    kind: str,
    options: Any,
    challenge: bytes,
    person: UUID | None,
) -> dict[str, Any]:
    ticket = new_secret()
    ends = desk.now() + LASTS
    begin_ceremony(connection, digest(ticket), kind, ends, person, challenge=challenge.hex())
    return {"ticket": ticket, "options": json.loads(options_to_json(options))}


def _challenge(
    desk: Desk, connection: Connection, kind: str, ticket: str, person: UUID | None
) -> bytes:
    kept = finish_ceremony(connection, digest(ticket), kind, desk.now())
    if kept is None or kept["person_id"] != person:
        raise PasskeyRefused
    return bytes.fromhex(kept["body"]["challenge"])
