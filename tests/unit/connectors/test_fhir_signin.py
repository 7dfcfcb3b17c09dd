"""Signing in to a FHIR server."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from pydantic import ValidationError

from gateway.connectors import kinds
from gateway.connectors.fhir import Fhir

TOKENS = "https://ehr.example.org/token"
BASE = {"url": "https://ehr.example.org/fhir"}
CURVE = ECKey.generate_key("P-384")
KEY: dict[str, Any] = {"by": "key", "token_url": TOKENS, "client_id": "us", "key_id": "k1"}


def first(sign_in: dict[str, Any]) -> httpx.Request:
    """Return the first request that a sign-in makes."""
    connector = kinds()["fhir"].build({**BASE, "sign_in": sign_in})
    assert isinstance(connector, Fhir)
    request = httpx.Request("GET", BASE["url"])
    return request if connector.far.auth is None else next(connector.far.auth.auth_flow(request))


def test_by_nothing() -> None:
    assert "authorization" not in first({"by": "none"}).headers


def test_by_a_token() -> None:
    assert first({"by": "token", "token": "abc"}).headers["authorization"] == "Bearer abc"


def test_by_a_password() -> None:
    asked = first({"by": "password", "user": "us", "password": "abc"})
    assert asked.headers["authorization"] == "Basic dXM6YWJj"


def test_by_a_secret() -> None:
    asked = first({"by": "secret", "token_url": TOKENS, "client_id": "us", "client_secret": "abc"})
    form = dict(parse_qsl(asked.content.decode()))
    assert (str(asked.url), form["grant_type"]) == (TOKENS, "client_credentials")
    assert (form["client_id"], form["client_secret"]) == ("us", "abc")


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(CURVE, "ES384"), (RSAKey.generate_key(2048), "RS384")],
    ids=["ES384", "RS384"],
)
def test_by_a_key(key: ECKey | RSAKey, algorithm: str) -> None:
    asked = first(KEY | {"private_key": key.as_pem(private=True).decode()})
    form = dict(parse_qsl(asked.content.decode()))
    token = jwt.decode(form["client_assertion"], key, algorithms=[algorithm])
    assert token.header == {"alg": algorithm, "kid": "k1", "typ": "JWT"}
    claims = token.claims
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("us", "us", TOKENS)
    assert 0 < claims["exp"] - datetime.now(UTC).timestamp() <= 300
    assert form["client_assertion_type"].endswith("client-assertion-type:jwt-bearer")
    assert "system/Task.cruds" in form["scope"]


@pytest.mark.parametrize(
    "pem", ["nonsense", CURVE.as_pem(private=False).decode()], ids=["no PEM", "a public key"]
)
def test_no_private_key_is_told_without_quoting_it(pem: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        kinds()["fhir"].build({**BASE, "sign_in": KEY | {"private_key": pem}})
    assert "a private key in PEM" in str(wrong.value)
    assert pem not in str(wrong.value)


def test_another_curve_is_no_key_for_it() -> None:
    pem = ECKey.generate_key("P-256").as_pem(private=True).decode()
    with pytest.raises(ValidationError, match="P-384"):
        kinds()["fhir"].build({**BASE, "sign_in": KEY | {"private_key": pem}})
