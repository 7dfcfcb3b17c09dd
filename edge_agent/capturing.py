"""The command `capture`: checks what was asked, records, writes the file and says what to do."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

from device_profiles.registry import PROFILES
from edge_agent.errors import WrongInput
from edge_agent.radio.recorder import Recorder


def run(
    address: str,
    file: Path,
    seconds: float,
    passkey: str,
    key: str,
    *,
    pair: bool,
    say: Callable[[str], None],
) -> None:
    """Record one session. Raises WrongInput, and DeviceLost where there was none."""
    if not re.fullmatch(r"([0-9A-F]{2}:){5}[0-9A-F]{2}", address.upper()):
        raise WrongInput(f"{address!r} is no address; it must look like AA:BB:CC:DD:EE:FF.")
    if passkey and not re.fullmatch(r"\d{6}", passkey):
        raise WrongInput("A passkey has six digits.")
    if key and key not in PROFILES:
        raise WrongInput(f"No profile {key!r}; known are {', '.join(sorted(PROFILES))}.")
    if file.exists():
        raise WrongInput(f"{file} exists already.")
    recorder = Recorder(address, passkey or None, key or None, say)
    say("Make the device advertise: measure, or press its Bluetooth button.")
    recording = asyncio.run(recorder.record(seconds, pair=pair))
    file.write_text(recording.jsonl(), "utf-8")
    say(f"{len(recording.heard)} lines in {file}. Look at them before you give them away.")
    guess = recorder.profile.key if recorder.profile else "KEY"
    say(f"Next: hearthline-edge decode --profile {guess} {file}")
