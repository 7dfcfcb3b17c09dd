"""At the agent's start: enrols by the enroll.toml on the card, in a process of its own."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from device_profiles.wire.enrolment import INVITATION_FILE
from edge_agent.errors import EdgeError

# Where Raspberry Pi OS mounts the card's boot partition: since bookworm, and before.
BOOT: Final = (Path("/boot/firmware"), Path("/boot"))


class NotEnrolled(EdgeError):
    """This box could not be made a hub; the lines above say why."""


def run(hub_dir: Path) -> None:
    """Enrol where an invitation waits. Raises NotEnrolled; systemd tries again."""
    file = found(hub_dir)
    if file is None:
        return
    done = subprocess.run(
        [sys.executable, "-m", "edge_agent", "enroll", str(file)],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        check=False,
    )
    if done.returncode:
        raise NotEnrolled
    with suppress(OSError):  # the boot partition may be read-only; the token is used up anyway
        file.unlink()


def found(hub_dir: Path) -> Path | None:
    """Return the enroll.toml that waits for this box."""
    places = (place / INVITATION_FILE for place in (hub_dir, *BOOT))
    return next((place for place in places if place.is_file()), None)
