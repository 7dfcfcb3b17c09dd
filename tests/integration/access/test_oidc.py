"""Sign-in at a provider: against a real one, small, over HTTP."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from starlette.testclient import TestClient

from gateway.settings import Settings
from gateway.web.app import make_console
from simulators.site import free_port
from tests.fixtures.console import ADDRESS, Console

EMAIL = "auditor0@example.org"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give a provider in a process of its own: it is written on an older Authlib, which warns."""
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce"]
    with (tmp_path_factory.mktemp("provider") / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    while process.poll() is None:  # pytest's own limit ends a wait in vain
        with suppress(httpx2.TransportError):
            httpx2.get(f"{address}/.well-known/openid-configuration").raise_for_status()
            break
        time.sleep(0.05)
    yield address
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def site(
    console: Console, provider: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestClient]:
    """Give the same site, with a provider of sign-in."""
    home: Path = tmp_path_factory.mktemp("oidc")
    settings = Settings(
        home=home,
        database_url=console.database.url,
        console_url=ADDRESS,
        oidc_issuer=provider,
        oidc_client_id="hearthline",
        oidc_client_secret="secret",
        oidc_name="Clinic login",
    )
    app = make_console(settings, console.database)
    with TestClient(app, ADDRESS, follow_redirects=False) as browser:
        yield browser


def _at_provider(site: TestClient, provider: str, subject: str, **claims: object) -> str:
    """Sign in at the provider; return the path to which it sends the browser back."""
    site.cookies.clear()
    httpx2.put(f"{provider}/users/{subject}", json=claims)
    address = site.get("/sign-in/oidc").headers["location"]
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"]
    answer = httpx2.post(address, data={"sub": subject})
    back = answer.headers["location"]
    assert back.startswith(f"{ADDRESS}/sign-in/oidc/back?")
    return str(back.removeprefix(ADDRESS))


def test_a_verified_address_signs_in_and_is_linked(site: TestClient, provider: str) -> None:
    assert "Clinic login" in site.get("/sign-in").text
    back = _at_provider(site, provider, "a-1", email=EMAIL, email_verified=True)
    assert site.get(back).headers["location"] == "/"
    # Our own second factor is asked for where the provider does not say that it asked.
    assert site.get("/").headers["location"] == "/account/second-factor"
    # The address may change later: who was linked stays linked.
    back = _at_provider(site, provider, "a-1", email="new@example.org", email_verified=True)
    assert site.get(back).headers["location"] == "/"


def test_a_provider_that_asked_for_two_factors_is_enough(site: TestClient, provider: str) -> None:
    back = _at_provider(
        site, provider, "t-1", email="technician0@example.org", email_verified=True, amr=["mfa"]
    )
    site.get(back)
    assert site.get("/account").status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "clinician0@example.org", "email_verified": False},
        {"email": "clinician0@example.org"},
        {"email": "nobody@example.org", "email_verified": True},
        {},
    ],
)
def test_who_is_not_vouched_for_is_refused(
    site: TestClient, provider: str, claims: dict[str, object]
) -> None:
    back = _at_provider(site, provider, "x-1", **claims)
    assert site.get(back).status_code == 401


def test_an_answer_is_good_once_and_in_its_own_browser(site: TestClient, provider: str) -> None:
    back = _at_provider(site, provider, "a-1", email=EMAIL, email_verified=True)
    step = dict(site.cookies)
    site.cookies.clear()
    assert site.get(back).status_code == 401
    site.cookies.update(step)
    assert site.get(back).status_code == 303
    site.cookies.update(step)
    assert site.get(back).status_code == 401


def test_a_provider_that_is_away_is_said_so(console: Console, tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path,
        database_url=console.database.url,
        console_url=ADDRESS,
        oidc_issuer="http://127.0.0.1:1",
        oidc_client_id="x",
    )
    app = make_console(settings, console.database)
    with TestClient(app, ADDRESS, follow_redirects=False) as browser:
        assert browser.get("/sign-in/oidc").status_code == 503
