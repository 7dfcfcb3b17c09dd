"""Sign-in at a provider: OpenID Connect, authorization code with PKCE (RFC 7636)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from alerting.words import template
from gateway.access.desk import Desk
from gateway.access.secrets import digest, new_secret
from gateway.access.sign_in import SignInRefused
from gateway.errors import ConnectionLost, WrongInput
from gateway.storage.credentials import link_to_provider, person_at_provider
from gateway.storage.database import Connection
from gateway.storage.doorway import begin_ceremony, finish_ceremony
from gateway.storage.people import person_by_email

BACK: Final = "/sign-in/oidc/back"
LASTS: Final = timedelta(minutes=10)
WITHIN_S: Final = 10.0
CLOCK_S: Final = 60
# Of both sides; HS256 would make the client's secret a signing key.
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "ES384", "EdDSA")


class ProviderUnavailable(ConnectionLost):
    """The provider of sign-in does not answer, or not as it should."""

    code = "provider_unavailable"


@dataclass(frozen=True, slots=True)
class Known:
    """Who somebody is, by a provider's word."""

    person: UUID
    second: bool
    """Whether the provider says that it asked for more than a password (RFC 8176: amr)."""


def start(desk: Desk) -> tuple[str, str]:
    """Return where to send the browser, and the state that it must bring back."""
    state, nonce, verifier = new_secret(), new_secret(), new_secret()
    with _client(desk) as client:
        about = _about(client, desk)
        address, _ = client.create_authorization_url(
            about["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce
        )
    with desk.pools.of_access() as connection:
        ends = desk.now() + LASTS
        begin_ceremony(connection, digest(state), "oidc", ends, nonce=nonce, verifier=verifier)
    return str(address), state


def finish(desk: Desk, state: str, code: str) -> Known:
    """Return who came back. Raises SignInRefused, ProviderUnavailable."""
    with desk.pools.of_access() as connection:
        kept = finish_ceremony(connection, digest(state), "oidc", desk.now())
    if kept is None:
        raise SignInRefused(template("This sign-in was begun too long ago, or elsewhere."))
    claims = _claims(desk, code, kept["body"])
    with desk.pools.of_access() as connection:
        return Known(_person(desk, connection, claims), "mfa" in claims.get("amr", ()))


def _claims(desk: Desk, code: str, kept: dict[str, str]) -> dict[str, Any]:
    try:
        with _client(desk) as client:
            about = _about(client, desk)
            token = client.fetch_token(
                about["token_endpoint"], code=code, code_verifier=kept["verifier"]
            )
            keys = KeySet.import_key_set(_get(client, about["jwks_uri"]).json())
        claims = jwt.decode(token["id_token"], keys, algorithms=ALGORITHMS).claims
        jwt.JWTClaimsRegistry(
            now=int(desk.now().timestamp()),
            leeway=CLOCK_S,
            iss={"essential": True, "value": about["issuer"]},
            aud={"essential": True, "value": desk.settings.oidc_client_id},
            nonce={"essential": True, "value": kept["nonce"]},
            sub={"essential": True},
            exp={"essential": True},
        ).validate(claims)
    except (OAuthError, JoseError, KeyError):
        raise SignInRefused(template("The provider's answer could not be believed.")) from None
    except (httpx2.HTTPError, ValueError):
        raise ProviderUnavailable from None
    return claims


def _person(desk: Desk, connection: Connection, claims: dict[str, Any]) -> UUID:
    """Return who it is here: by what is linked, else by an e-mail address that is verified."""
    issuer, subject = str(claims["iss"]), str(claims["sub"])
    row = person_at_provider(connection, issuer, subject)
    if row is None:
        if claims.get("email_verified") is not True:
            raise SignInRefused(template("The provider does not vouch for an e-mail address."))
        row = person_by_email(connection, str(claims.get("email", "")))
        if row is None or row["disabled_at"] is not None:
            raise SignInRefused(template("Nobody has this address here; ask an administrator."))
        link_to_provider(connection, issuer, subject, row["id"], desk.now())
    person: UUID = row["id"]
    return person


def _client(desk: Desk) -> OAuth2Client:
    settings = desk.settings
    if settings.oidc_issuer is None:
        raise WrongInput(template("There is no provider: HEARTHLINE_OIDC_ISSUER is not set."))
    return OAuth2Client(
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        redirect_uri=settings.console_origin + BACK,
        scope="openid email profile",
        code_challenge_method="S256",
        timeout=WITHIN_S,
    )


def _get(client: OAuth2Client, address: str) -> httpx2.Response:
    answer: httpx2.Response = client.request("GET", address, withhold_token=True)
    return answer.raise_for_status()


def _about(client: OAuth2Client, desk: Desk) -> dict[str, Any]:
    """Read the provider's description (OpenID Connect Discovery 1.0)."""
    issuer = (desk.settings.oidc_issuer or "").rstrip("/")
    try:
        answer = _get(client, f"{issuer}/.well-known/openid-configuration")
        about: dict[str, Any] = answer.json()
    except (httpx2.HTTPError, ValueError):
        raise ProviderUnavailable from None
    if str(about.get("issuer", "")).rstrip("/") != issuer:
        raise ProviderUnavailable(template("It calls itself by another name."))
    return about
