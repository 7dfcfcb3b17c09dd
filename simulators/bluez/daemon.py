"""A private dbus-daemon with its own configuration, so that neither root nor BlueZ is needed."""

import asyncio
import ctypes
import hashlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

# sun_path holds 108 octets; the socket's own name and the guid need some.
LONGEST_DIRECTORY: Final = 70
PR_SET_PDEATHSIG: Final = 1

CONFIGURATION: Final = """<!DOCTYPE busconfig PUBLIC
 "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_destination="*" eavesdrop="false"/>
    <allow receive_sender="*" eavesdrop="false"/>
  </policy>
  <limit name="max_connections_per_user">1000</limit>
  <limit name="max_match_rules_per_connection">5000</limit>
  <limit name="max_replies_per_connection">5000</limit>
</busconfig>
"""


class BusUnavailable(Exception):
    """The private dbus-daemon could not be started; the text says why."""


@asynccontextmanager
async def private_bus(directory: Path) -> AsyncIterator[str]:
    """Run a dbus-daemon whose files lie in `directory`; gives its address."""
    program = shutil.which("dbus-daemon")
    if program is None:
        raise BusUnavailable("dbus-daemon is not installed (Debian: apt install dbus-daemon)")
    with _short(directory) as short:
        configuration = directory / "bus.conf"
        configuration.write_text(CONFIGURATION.format(socket=short / "bus"))
        process = await _start(program, configuration, directory / "dbus-daemon.log")
        try:
            yield await _address(process, directory)
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


@contextmanager
def _short(directory: Path) -> Iterator[Path]:
    """Give the directory, or a stand-in where the socket's path would be too long.

    Always the same one for a directory: a bus that comes back is where its clients look for it.
    """
    if len(str(directory)) <= LONGEST_DIRECTORY:
        yield directory
        return
    name = hashlib.sha256(str(directory).encode()).hexdigest()[:16]
    stand_in = Path(tempfile.gettempdir()) / f"hearthline-{os.getuid()}-{name}"
    stand_in.mkdir(mode=0o700, exist_ok=True)
    if stand_in.stat().st_uid != os.getuid():
        raise PermissionError(f"{stand_in} is somebody else's.")
    try:
        yield stand_in
    finally:
        shutil.rmtree(stand_in, ignore_errors=True)


async def _start(program: str, configuration: Path, log: Path) -> asyncio.subprocess.Process:
    with log.open("ab") as errors:
        return await asyncio.create_subprocess_exec(
            program,
            f"--config-file={configuration}",
            "--nofork",
            "--nopidfile",
            "--print-address",
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            preexec_fn=_die_with_parent,
        )


async def _address(process: asyncio.subprocess.Process, directory: Path) -> str:
    if process.stdout is None:
        raise BusUnavailable("dbus-daemon has no output")
    line = await process.stdout.readline()
    if not line:
        raise BusUnavailable(f"dbus-daemon did not start; see {directory / 'dbus-daemon.log'}")
    return line.decode().strip().split(",guid=")[0]


def _die_with_parent() -> None:
    """A simulator killed by -9 leaves no daemon behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
