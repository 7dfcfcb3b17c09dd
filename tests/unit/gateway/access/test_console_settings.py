"""Settings of the console: what would be unsafe is refused at the start."""

import pytest

from gateway.errors import WrongInput
from gateway.settings import load_settings
from gateway.web.serve import check


def test_demo_people_stay_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTHLINE_DEMO_SIGN_IN", "true")
    check(load_settings())
    monkeypatch.setenv("HEARTHLINE_CONSOLE_HOST", "192.0.2.10")
    with pytest.raises(WrongInput, match="DEMO_SIGN_IN"):
        check(load_settings())


@pytest.mark.parametrize("issuer", ["http://login.example", "login.example", "http://localhost.x"])
def test_a_provider_is_asked_over_tls(monkeypatch: pytest.MonkeyPatch, issuer: str) -> None:
    monkeypatch.setenv("HEARTHLINE_OIDC_ISSUER", issuer)
    with pytest.raises(WrongInput, match="HEARTHLINE_OIDC_ISSUER"):
        load_settings()


def test_the_address_that_browsers_have(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().console_origin == "http://localhost:8080"
    monkeypatch.setenv("HEARTHLINE_CONSOLE_HOST", "2001:db8::1")
    assert load_settings().console_origin == "https://[2001:db8::1]:8080"
    monkeypatch.setenv("HEARTHLINE_CONSOLE_URL", "https://hearthline.example")
    assert load_settings().console_origin == "https://hearthline.example"
