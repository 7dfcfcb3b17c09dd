"""Programs that sign in by a key of theirs (RFC 7523, 3; SMART App Launch 2, backend services).

They register public keys; who asks for a token signs a statement that holds for minutes, and once.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from gateway.access.secrets import digest
from gateway.errors import WrongInput
from gateway.storage.database import Connection
from gateway.storage.programs import find_by_id, use_assertion

TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# What SMART asks every server to take; nothing else is.
ALGORITHMS: Final = ("RS384", "ES384")
LONGEST: Final = timedelta(minutes=5)
CLOCKS_DIFFER: Final = timedelta(seconds=30)
MOST_KEYS: Final = 10
FEWEST_BITS: Final = 2048
JTI: Final = 500
# What a JSON of somebody else's can break besides: nested too deep, or a half of a character.
UNREADABLE: Final = (JoseError, ValueError, TypeError, RecursionError)


class WrongKeys(WrongInput):
    """These are no keys to sign in by; send a JWK Set of public keys, each with its `kid`."""

    code = "wrong_keys"


def public_keys(jwks: Mapping[str, Any]) -> dict[str, Any]:
    """Return the public part of a JWK Set (RFC 7517). Raises WrongKeys."""
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not 0 < len(keys) <= MOST_KEYS:
        raise WrongKeys(f"It has from one to {MOST_KEYS} keys.")
    found = [_public(key) for key in keys]
    if len({key["kid"] for key in found}) < len(found):
        raise WrongKeys("Two of them have the same `kid`.")
    return {"keys": found}


def _public(key: Any) -> dict[str, Any]:
    if not isinstance(key, dict) or not isinstance(key.get("kid"), str) or not key["kid"]:
        raise WrongKeys
    if "d" in key or "k" in key:
        raise WrongKeys("One of them is private: make a new pair, and send its public part only.")
    try:
        if key.get("kty") == "RSA":
            rsa = RSAKey.import_key(key)
            fits = rsa.public_key.key_size >= FEWEST_BITS
            return _kept(fits, rsa.as_dict(private=False), key["kid"], "RS384")
        if key.get("kty") == "EC":
            ec = ECKey.import_key(key)
            return _kept(ec.curve_name == "P-384", ec.as_dict(private=False), key["kid"], "ES384")
    except (JoseError, ValueError, TypeError):
        raise WrongKeys from None
    raise WrongKeys


def _kept(fits: bool, key: Mapping[str, Any], kid: str, algorithm: str) -> dict[str, Any]:
    """Return what is stored of a key; its algorithm is ours to say."""
    if not fits:
        raise WrongKeys(f"RSA needs {FEWEST_BITS} bits at least, and EC the curve P-384.")
    parts = {name: key[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in key}
    return {**parts, "kid": kid, "alg": algorithm, "use": "sig"}


def claimed(assertion: str) -> str:
    """Return who somebody says that they are, to count their tries; it is not believed yet."""
    _, _, rest = assertion.partition(".")
    try:
        told = json.loads(urlsafe_b64decode(rest.partition(".")[0] + "=="))
    except UNREADABLE:
        return ""
    who = told.get("iss") if isinstance(told, dict) else None
    return who[:100] if isinstance(who, str) and who.isascii() else ""


def program_that_signed(
    connection: Connection, assertion: str, client_id: str, audience: str, now: datetime
) -> dict[str, Any] | None:
    """Return the program whose statement this is; None: it is nobody's, too old, or used."""
    id_ = _uuid(claimed(assertion))
    row = find_by_id(connection, id_) if id_ else None
    if id_ is None or row is None or client_id not in ("", str(id_)):
        return None
    claims = _claims(assertion, row["jwks"], str(id_), audience, now)
    if claims is None:
        return None
    ends = datetime.fromtimestamp(claims["exp"], now.tzinfo)
    # It is good until whole seconds later; until then it must not be forgotten that it was used.
    kept = ends + 2 * CLOCKS_DIFFER
    used = use_assertion(connection, id_, digest(claims["jti"]), kept, now)
    return row if used else None


def _claims(
    assertion: str, jwks: dict[str, Any], id_: str, audience: str, now: datetime
) -> dict[str, Any] | None:
    at, leeway = int(now.timestamp()), int(CLOCKS_DIFFER.total_seconds())
    rules = jwt.JWTClaimsRegistry(
        now=at,
        leeway=leeway,
        iss={"essential": True, "value": id_},
        sub={"essential": True, "value": id_},
        aud={"essential": True, "value": audience},
        exp={"essential": True},
        jti={"essential": True},
    )
    try:
        keys = KeySet.import_key_set(jwks)  # type: ignore[arg-type]  # as we stored it
        token = jwt.decode(assertion, keys, algorithms=list(ALGORITHMS))
        if "kid" not in token.header:
            return None
        rules.validate(token.claims)
    except UNREADABLE:
        return None
    jti = token.claims["jti"]
    if not isinstance(jti, str) or not jti.isprintable():
        return None
    fits = token.claims["exp"] <= at + LONGEST.total_seconds() + leeway
    return token.claims if fits and 0 < len(jti) <= JTI else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
