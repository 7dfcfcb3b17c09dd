"""Files from outside that are deep or long are refused with a reason, as all wrong ones are."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.replay import WrongRecording, parse
from device_profiles.wire.key_record import BadRecord, read_recipients
from edge_agent.errors import WrongInput
from edge_agent.identity.hub import hub_file_of

DEEP = ["a=" + "[" * 3000, "a=" + "{b=" * 900]
LONG_KEY = f"""
version = 1
[[records]]
kid = "00000000"
suite = 1
public = "{"22" * 70_000}"
not_before = 2020-01-01T00:00:00Z
not_after = 2100-01-01T00:00:00Z
signature = "{"11" * 64}"
"""


@pytest.mark.parametrize("text", DEEP, ids=len)
def test_a_deep_hub_file_is_wrong_input(text: str) -> None:
    with pytest.raises(WrongInput):
        hub_file_of(text)


@pytest.mark.parametrize("text", [*DEEP, LONG_KEY], ids=len)
def test_deep_recipients_and_endless_keys_are_bad_records(text: str) -> None:
    with pytest.raises(BadRecord):
        read_recipients(text, Ed25519PrivateKey.generate().public_key())


def test_a_deep_line_is_no_line_of_a_recording() -> None:
    with pytest.raises(WrongRecording):
        parse("[" * 100_000)
