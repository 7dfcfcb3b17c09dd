"""Files from outside that are deep or long are refused with a reason, as all wrong ones are."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from device_profiles.replay import WrongRecording, parse
from device_profiles.wire.body import dump_body, load_body
from device_profiles.wire.key_record import BadRecord, read_recipients
from edge_agent.errors import WrongInput
from edge_agent.identity.hub import hub_file_of
from tests.fixtures.hub import raw

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


def test_a_raw_record_with_an_endless_number_is_no_body() -> None:
    """Found by fuzzing: its identity could not be made, in the middle of the gateway's batch."""
    octets = dump_body(raw()).replace(b'"order":0', b'"order":' + b"7" * 100)
    with pytest.raises(ValidationError):
        load_body(octets)
