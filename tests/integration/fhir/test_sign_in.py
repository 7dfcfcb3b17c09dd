"""SMART backend services: a statement that a program signed, a token for five minutes, scopes."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from gateway.access.assertion import program_that_signed
from gateway.access.rights import Right, Role
from gateway.fhir.registry import RESOURCES
from tests.fixtures.console import ADDRESS
from tests.integration.fhir.conftest import Facade

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
AUDIENCE = f"{ADDRESS}/oauth/token"
ALL = (Right.PATIENTS_READ, Right.READINGS_READ, Right.TASKS_READ)
EC = ECKey.generate_key("P-384", {"kid": "ec"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
KEYS: dict[str, ECKey | RSAKey] = {"ES384": EC, "RS384": RSA}


def register(fhir: Facade, rights: Iterable[Right] = ALL, jwks: Any = None) -> Any:
    keys = jwks or {"keys": [key.as_dict(private=False) for key in KEYS.values()]}
    asked = {"name": "EHR", "kind": "jwks", "rights": list(rights), "jwks": keys}
    return fhir.console.client(Role.ADMINISTRATOR).post("/api/v1/programs", json=asked)


@pytest.fixture(scope="module")
def program(fhir: Facade) -> str:
    answer = register(fhir)
    assert answer.status_code == 201, answer.text
    assert answer.json()["secret"] is None
    return str(answer.json()["id"])


def signed(fhir: Facade, program: str, algorithm: str = "ES384", **other: Any) -> str:
    """Sign a statement as SMART has it, but for what is told otherwise."""
    at = int(fhir.console.now().timestamp())
    claims = {"iss": program, "sub": program, "aud": AUDIENCE, "exp": at + 240, "jti": uuid4().hex}
    key = other.pop("key", KEYS[algorithm])
    header = {"alg": algorithm, "kid": other.pop("kid", key.kid), "typ": "JWT"}
    told = {name: value for name, value in (claims | other).items() if value is not None}
    payload = json.dumps(told).encode()
    return jws.serialize_compact(header, payload, key, algorithms=[algorithm])


def token(fhir: Facade, assertion: str, scope: str = "system/*.rs") -> Any:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": TYPE,
        "client_assertion": assertion,
        "scope": scope,
    }
    return fhir.console.nobody().post("/oauth/token", data=form)


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_token_opens_what_it_was_given_for(fhir: Facade, program: str, algorithm: str) -> None:
    answer = token(fhir, signed(fhir, program, algorithm), "system/Observation.rs system/Alarm.rs")
    said = answer.json()
    assert (answer.status_code, said["scope"], said["expires_in"]) == (
        200,
        "system/Observation.rs",
        300,
    )
    key = said["access_token"]
    assert fhir.ask("Observation", key=key).status_code == 200
    refused = fhir.ask("Patient", key=key)
    assert refused.status_code == 403
    assert refused.json()["issue"][0]["details"]["text"] == "scope_missing"
    # It is for FHIR: nowhere else is it anything.
    headers = {"authorization": f"Bearer {key}"}
    assert fhir.client.get("/api/v1/patients", headers=headers).status_code == 403


def test_each_resource_asks_for_its_scope(fhir: Facade) -> None:
    id_ = str(register(fhir, set(Right) - {Right.PEOPLE_WRITE, Right.BREAK_GLASS}).json()["id"])
    for type_ in RESOURCES:
        key = token(fhir, signed(fhir, id_), f"system/{type_}.s").json()["access_token"]
        opened = [each for each in RESOURCES if fhir.ask(each, key=key).status_code == 200]
        assert opened == [type_]
        assert fhir.ask(f"{type_}/{fhir.patient}", key=key).status_code == 403


def test_a_wildcard_is_what_the_program_may(fhir: Facade, program: str) -> None:
    scope = token(fhir, signed(fhir, program), "system/*.read").json()["scope"].split()
    assert "system/Patient.rs" in scope
    assert "system/Device.rs" not in scope
    assert token(fhir, signed(fhir, program), "system/Device.rs").json() == {
        "error": "invalid_scope"
    }


def test_a_statement_is_good_once(fhir: Facade, program: str) -> None:
    assertion = signed(fhir, program)
    assert token(fhir, assertion).status_code == 200
    assert token(fhir, assertion).json() == {"error": "invalid_client"}


def test_it_is_remembered_for_as_long_as_it_is_good(fhir: Facade, program: str) -> None:
    now, audience = fhir.console.now().replace(microsecond=0), AUDIENCE
    assertion = signed(fhir, program, exp=int(now.timestamp()))
    for later, good in ((0, True), (30.5, False)):
        at = now + timedelta(seconds=later)
        with fhir.console.database.transaction() as connection:
            found = program_that_signed(connection, assertion, "", audience, at)
        assert (found is not None) is good


OTHER = ECKey.generate_key("P-384", {"kid": "ec"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "https://elsewhere.example/oauth/token"},
        {"sub": "somebody else"},
        {"jti": None},
        {"exp": None},
        {"exp": 1},
        {"exp": 2**33},
        {"key": OTHER},
        {"kid": "none"},
        {"jti": "\ud800"},
        {"jti": {"a": 1}},
        {"exp": float("nan")},
        {"iss": "\ud800"},
    ],
    ids=[
        "aud",
        "sub",
        "no jti",
        "no exp",
        "old",
        "too long",
        "other key",
        "unknown kid",
        "half a character",
        "no text",
        "no number",
        "half an issuer",
    ],
)
def test_a_wrong_statement_is_nobodys(fhir: Facade, wrong: dict[str, Any]) -> None:
    program = str(register(fhir).json()["id"])  # tries are counted for each
    answer = token(fhir, signed(fhir, program, **wrong))
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def test_an_ended_program_signs_in_vain(fhir: Facade) -> None:
    id_ = str(register(fhir).json()["id"])
    admin = fhir.console.client(Role.ADMINISTRATOR)
    assert admin.post(f"/api/v1/programs/{id_}/end").status_code == 200
    assert token(fhir, signed(fhir, id_)).status_code == 401


@pytest.mark.parametrize(
    "jwks",
    [
        {"keys": []},
        {"keys": [EC.as_dict(private=True)]},
        {"keys": [ECKey.generate_key("P-256", {"kid": "a"}).as_dict(private=False)]},
        {"keys": [{"kty": "oct", "kid": "a", "k": "AAAA"}]},
        {"keys": [{"kty": "RSA", "kid": "a"}]},
        {"keys": [EC.as_dict(private=False)] * 2},
        {"jwks_uri": "https://example.org/keys"},
    ],
    ids=["none", "private", "P-256", "symmetric", "broken", "twice", "address"],
)
def test_only_public_keys_of_our_kinds_are_registered(fhir: Facade, jwks: Any) -> None:
    answer = register(fhir, jwks=jwks)
    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_keys")


def test_a_page_registers_keys_too(fhir: Facade) -> None:
    keys = json.dumps({"keys": [EC.as_dict(private=False)]})
    form = {"name": "EHR", "kind": "jwks", "right": ["patients:read"], "jwks": keys}
    answer = fhir.console.client(Role.ADMINISTRATOR).post("/programs", data=form)
    assert answer.status_code == 200
    assert "client_id" in answer.text
    wrong = fhir.console.client(Role.ADMINISTRATOR).post("/programs", data=form | {"jwks": "["})
    assert wrong.status_code == 400
    assert "JWK Set" in wrong.text


def test_smart_configuration(fhir: Facade) -> None:
    told = fhir.client.get("/fhir/.well-known/smart-configuration").json()
    assert told["token_endpoint"] == AUDIENCE
    assert "private_key_jwt" in told["token_endpoint_auth_methods_supported"]
    assert told["token_endpoint_auth_signing_alg_values_supported"] == ["RS384", "ES384"]
