"""The command `enroll`: reads the invitation, shows the six digits, waits, and is a hub."""

import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from device_profiles.wire.enrolment import SCHEME, HubFiles, Invitation, read_invitation
from edge_agent.errors import ConnectionLost, WrongInput
from edge_agent.identity.api import GatewayApi, GatewayRefused, pinned_authority
from edge_agent.identity.durable import Durable
from edge_agent.identity.enrol import WORK, check_free, enrol, finish, settle
from edge_agent.identity.login import CURRENT

CONFIRM_S: Final = 1800.0
ASK_EVERY_S: Final = 2.0
NOT_CONFIRMED: Final = "not_confirmed"

Say = Callable[[str], None]


def read(text: str) -> Invitation:
    """Return the invitation of a text, or of a file that holds it. Raises WrongInput."""
    if not text.strip().startswith(SCHEME):
        return read_file(Path(text))
    try:
        return read_invitation(text)
    except ValueError as error:
        raise WrongInput(f"{error}.".capitalize()) from None


def read_file(path: Path) -> Invitation:
    """Return the invitation of an enroll.toml. Raises WrongInput, which does not quote it."""
    try:
        told = tomllib.loads(path.read_text("utf-8")).get("invitation")
    except OSError as error:
        raise WrongInput(f"{path}: {error.strerror}.") from None
    except ValueError:
        raise WrongInput(f"{path}: this is no TOML.") from None
    if not isinstance(told, str):
        raise WrongInput(f'{path}: there must be a line: invitation = "{SCHEME}..."')
    try:
        return read_invitation(told)
    except ValueError as error:
        raise WrongInput(f"{path}: {error}.") from None


def run(hub_dir: Path, invitation: Invitation, say: Say, wait_s: float = CONFIRM_S) -> None:
    """Enrol and wait for the confirmation. Raises EdgeError; the same invitation goes on later."""
    hub_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Durable(hub_dir)
    finish(folder)
    check_free(folder, invitation.hub)
    authority = pinned_authority(invitation.url, invitation.pin)
    digits = enrol(folder, invitation, authority, GatewayApi(invitation.url, authority))
    say(f"Hub {invitation.hub} has its certificate. Its six digits are:")
    say(f"\n    {digits[:3]} {digits[3:]}\n")
    say(f"Confirm them: hearthline-gateway hub confirm {invitation.hub} {digits}")
    shown = (folder.inner(WORK).path / CURRENT, None)
    files = _wait(GatewayApi(invitation.url, authority, shown), wait_s)
    hub_file = settle(folder, invitation, files)
    say(f"Confirmed. {len(hub_file.devices)} devices; start the agent: hearthline-edge run")


def _wait(gateway: GatewayApi, wait_s: float) -> HubFiles:
    end = time.monotonic() + wait_s
    while True:
        try:
            return gateway.files()
        except GatewayRefused as error:
            if error.code != NOT_CONFIRMED or time.monotonic() >= end:
                raise
        except ConnectionLost:
            if time.monotonic() >= end:
                raise
        time.sleep(ASK_EVERY_S)
