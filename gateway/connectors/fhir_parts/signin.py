"""How one signs in to a FHIR server: not at all, by a token, a password, a secret or a key.

By a key: SMART backend services, https://hl7.org/fhir/smart-app-launch/backend-services.html and
https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import uuid4

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from pydantic import Field, SecretStr, field_validator

from device_profiles.reading import Frozen
from gateway.connectors.http import Bearer, FarUrl
from gateway.connectors.oauth import Form, OAuth, client_credentials

SCOPE: Final = " ".join(
    f"system/{kind}.cruds"
    for kind in ("Task", "DetectedIssue", "Flag", "Observation", "Device", "Communication")
)
LASTS: Final = timedelta(minutes=4)
"""An assertion may last five minutes at most."""
ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class NoSignIn(Frozen, extra="forbid"):
    """Whoever reaches it may write: on a network of its own only."""

    by: Literal["none"] = "none"

    def auth(self) -> httpx.Auth | None:
        """Return how requests are signed in."""
        return None


class ByToken(Frozen, extra="forbid"):
    """One token that does not end."""

    by: Literal["token"]
    token: SecretStr

    def auth(self) -> httpx.Auth | None:
        """Return how requests are signed in."""
        return Bearer(self.token.get_secret_value())


class ByPassword(Frozen, extra="forbid"):
    """A user and a password with every request (RFC 7617)."""

    by: Literal["password"]
    user: Annotated[str, Field(min_length=1, pattern="^[^:]*$")]
    password: SecretStr

    def auth(self) -> httpx.Auth | None:
        """Return how requests are signed in."""
        return httpx.BasicAuth(self.user, self.password.get_secret_value())


class BySecret(Frozen, extra="forbid"):
    """Tokens for a client's secret (RFC 6749, 4.4)."""

    by: Literal["secret"]
    token_url: FarUrl
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: SecretStr
    scope: str = SCOPE

    def auth(self) -> httpx.Auth | None:
        """Return how requests are signed in."""
        form = client_credentials(self.client_id, self.client_secret, scope=self.scope)
        return OAuth(self.token_url, form)


class ByKey(Frozen, extra="forbid"):
    """Tokens for what a key has signed: SMART backend services."""

    by: Literal["key"]
    token_url: FarUrl
    client_id: Annotated[str, Field(min_length=1)]
    private_key: SecretStr
    """PEM: elliptic curve P-384 (ES384), or RSA (RS384)."""
    key_id: Annotated[str, Field(min_length=1)]
    scope: str = SCOPE

    @field_validator("private_key")
    @classmethod
    def _is_a_key(cls, key: SecretStr) -> SecretStr:
        _key(key)
        return key

    def auth(self) -> httpx.Auth | None:
        """Return how requests are signed in."""
        return OAuth(self.token_url, self._form())

    def _form(self) -> Form:
        algorithm, key = _key(self.private_key)

        def form(now: datetime) -> Mapping[str, str]:
            claims = {
                "iss": self.client_id,
                "sub": self.client_id,
                "aud": self.token_url,
                "exp": int((now + LASTS).timestamp()),
                "jti": str(uuid4()),
            }
            header = {"alg": algorithm, "kid": self.key_id, "typ": "JWT"}
            return {
                "grant_type": "client_credentials",
                "scope": self.scope,
                "client_assertion_type": ASSERTION,
                "client_assertion": jwt.encode(header, claims, key, algorithms=[algorithm]),
            }

        return form


def _key(pem: SecretStr) -> tuple[str, RSAKey | ECKey]:
    """Return the key and its algorithm. The errors of others would quote it."""
    kinds: dict[str, type[RSAKey | ECKey]] = {"ES384": ECKey, "RS384": RSAKey}
    for algorithm, kind in kinds.items():
        with suppress(Exception):  # joserfc raises whatever its parsers do
            key = kind.import_key(pem.get_secret_value())
            if key.is_private and getattr(key, "curve_name", "P-384") == "P-384":
                return algorithm, key
    raise ValueError("a private key in PEM: elliptic curve P-384, or RSA")


SignIn = Annotated[NoSignIn | ByToken | ByPassword | BySecret | ByKey, Field(discriminator="by")]
