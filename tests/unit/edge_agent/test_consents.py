"""consents.toml: which users of a scale agreed, each with the PIN that the scale showed."""

from pathlib import Path

import pytest

from device_profiles.talk import Consent, Owner
from edge_agent.errors import WrongInput
from edge_agent.identity.hub import _owners

ADDRESS = "C0:FF:EE:00:00:01"


def test_users_and_pins_are_read(tmp_path: Path) -> None:
    file = tmp_path / "consents.toml"
    assert _owners(file) == {}
    file.write_text(f'"{ADDRESS}" = {{ 1 = 1234, 2 = 7 }}\n')
    assert _owners(file) == {ADDRESS: Owner((Consent(1, 1234), Consent(2, 7)))}


@pytest.mark.parametrize(
    "text", ['"me" = { 1 = 1 }', f'"{ADDRESS}" = 1', f'"{ADDRESS}" = {{ 1 = 10000 }}', "["]
)
def test_what_is_wrong_is_said_without_a_pin(tmp_path: Path, text: str) -> None:
    file = tmp_path / "consents.toml"
    file.write_text(text)
    with pytest.raises(WrongInput) as caught:
        _owners(file)
    assert "consents.toml" in str(caught.value)
    assert "10000" not in str(caught.value)
