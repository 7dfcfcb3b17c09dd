"""From the first link to a passkey, in a real browser; axe looks at each page on the way."""

import threading
from collections.abc import Iterator

import pyotp
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from gateway.access.welcome import first_link
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.web.app import make_console
from simulators.site import free_port
from tests.browser.people import Worker

PASSWORD = "a long way to the lighthouse"
# A key that is there, and whose owner puts a finger on it (Chrome DevTools Protocol, WebAuthn).
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def site(
    embedded_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """Serve a console that nobody has used yet; give its address and the first link."""
    settings = Settings(
        home=tmp_path_factory.mktemp("site"),
        database_url=embedded_database.url,
        console_port=free_port(),
    )
    app = make_console(settings, embedded_database)
    config = uvicorn.Config(app, port=settings.console_port, log_config=None, ws="none")
    server = uvicorn.Server(config)
    app.state.desk.pools.open()
    link = first_link(app.state.desk)
    assert link is not None
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.05)
    yield settings.console_origin, link
    server.should_exit = True
    thread.join()


def _sees(page: Page, heading: str, *, known: bool = False) -> None:
    """Wait for a page; axe looks at those where no demo person comes, who are looked at already."""
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible(timeout=30_000)
    assert known or Worker(page, "").barriers() == []


def test_the_first_administrator_comes_to_a_passkey_and_back_with_it(
    chromium: Browser, site: tuple[str, str]
) -> None:
    origin, link = site
    context = chromium.new_context(reduced_motion="reduce")
    page = context.new_page()
    control = context.new_cdp_session(page)
    control.send("WebAuthn.enable")
    control.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})

    page.goto(link)
    _sees(page, "Welcome to Hearthline")
    page.get_by_label("Organisation").fill("Seaside Clinic")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()

    _sees(page, "Second factor")
    page.get_by_role("button", name="Set an app up").click()
    secret = page.locator("code.mono").inner_text(timeout=30_000)
    _sees(page, "Second factor")
    page.get_by_label("Six digits").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Confirm").click()
    _sees(page, "Recovery codes")
    recovery = page.get_by_role("main").get_by_role("listitem").first.inner_text()

    page.goto(f"{origin}/account/second-factor")
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url(f"{origin}/account", timeout=30_000)
    _sees(page, "Account", known=True)
    expect(page.get_by_role("cell", name="My device", exact=True)).to_be_visible(timeout=30_000)

    page.goto(f"{origin}/people")
    _sees(page, "People", known=True)
    page.get_by_label("Name", exact=True).fill("Bruno")
    page.get_by_label("E-mail address").fill("bruno@example.org")
    page.get_by_label("Coordinator").check()
    page.get_by_role("button", name="Make a link").click()
    expect(page.get_by_text(f"{origin}/welcome/")).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Bruno").click()
    _sees(page, "Bruno")
    page.goto(f"{origin}/programs")
    _sees(page, "Programs", known=True)
    page.goto(f"{origin}/break-glass")
    _sees(page, "Break-glass", known=True)

    page.get_by_role("button", name="Sign out").first.click()
    _sees(page, "Sign in", known=True)
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    _sees(page, "Show who you are")
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(lambda url: "/sign-in" not in url, timeout=30_000)

    page.get_by_role("button", name="Sign out").first.click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: "/sign-in" not in url, timeout=30_000)
    page.goto(f"{origin}/account")
    _sees(page, "Account", known=True)
    _leaves_the_screen(page, origin)
    context.close()


def _leaves_the_screen(page: Page, origin: str) -> None:
    """Who types is there, though no page is asked for; who does nothing is signed out."""
    page.clock.install()
    page.goto(f"{origin}/account")
    for _ in range(4):
        with page.expect_response(f"{origin}/account/here", timeout=30_000):
            page.get_by_label("Name", exact=True).press("End")
            page.clock.fast_forward("05:00")
    page.clock.fast_forward("16:00")
    page.wait_for_url(f"{origin}/sign-in", timeout=30_000)
    page.goto(f"{origin}/account")
    assert page.url == f"{origin}/sign-in"
