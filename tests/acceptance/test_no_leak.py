"""After a run with faults, no file outside the database's own tables tells whose, what or how much.

Searched: every log, console, status file, spool with its log and what was set aside, the broker's
store, PostgreSQL's server log, and what commands print on the way to their exit.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.spool import file
from gateway.errors import GatewayError
from gateway.storage.database import embedded
from simulators.home_file import HomeFile
from simulators.programs import script
from simulators.site import Gateway, Resident, free_port
from tests.acceptance.test_one_site import (
    COUNT,
    Eavesdropper,
    devices,
    secrets,
)
from tests.fixtures.broker import wait_for
from tests.fixtures.promises import Keep
from tests.fixtures.whole_site import SECRETS, ZONE, WholeSite


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeSite]:
    """A home with odd values and a console, through every fault that tests know."""
    with ExitStack() as running:
        site = with_console(tmp_path_factory.mktemp("site"), running)
        running.callback(Eavesdropper(site).stop)
        wait_for(lambda: site.custody()["stored"] > 0, "the first reading is stored")
        for victim in ("postgres", "ingest", "broker"):
            site.kill(victim)
        wait_for(lambda: site.answers(site.settled(COUNT)), "all is stored", seconds=80)
        wait_for(
            lambda: site.answers(lambda: len(site.gateway.call("tasks", "list")) >= 3),
            "three tasks are open",
            seconds=60,
        )
        site.kill("agent")
        wait_for((site.home.folder / "state" / "spool.db-wal").exists, "it is back")
        store = site.gateway.folder / "gateway" / "broker" / "mosquitto.db"
        wait_for(store.exists, "the broker has written its store anew", seconds=60)
        yield site


def with_console(folder: Path, running: ExitStack) -> WholeSite:
    """Start a site whose hub shows its lights on the console, from the first reading on."""
    home_file = HomeFile.model_validate({"seed": 1, "zone": ZONE, "devices": devices()})
    gateway, since = Gateway(folder, free_port()), datetime.now(UTC) - timedelta(days=90)
    (home,) = gateway.register([Resident(SECRETS["name"], home_file)], since)
    home.settings["HEARTHLINE_INDICATOR"] = "console"
    running.callback(gateway.program.stop)
    gateway.program.start()
    gateway.wait_until_ready(30)
    running.callback(home.stop)
    home.start_radio()
    home.start_agent()
    return WholeSite(gateway, home)


def mishaps(site: WholeSite) -> list[str]:
    """Do what fails, with private data in hand; return what was printed on the way out."""
    nobody, address = "00000000-0000-0000-0000-000000000000", SECRETS["cuff"]
    tries = [
        ("patient", "add", SECRETS["name"], "--organisation", nobody),
        ("patient", "add", SECRETS["name"], "--organisation", nobody, "--timezone", "Moon/Base"),
        ("hub", "pair", nobody, "--address", address, "--profile", "x", "--patient", nobody),
        ("hub", "pair", site.home.hub, "--address", address, "--patient", SECRETS["name"]),
        ("readings", "--limit", "0"),
        ("trace", nobody),
    ]
    said = []
    for arguments in tries:
        done = subprocess.run(
            [script("hearthline-gateway"), *arguments],
            env={**os.environ, **site.gateway.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        said.append(done.stderr)
    return said


TIME = re.compile(rb"\d\d:\d\d:\d\d\.\d+")  # a log's own: its seconds may look like a value
AGAIN = """
INSERT INTO device (id, organisation_id, address, profile)
SELECT gen_random_uuid(), organisation_id, address, profile FROM device WHERE address = %s
"""


def violations(site: WholeSite) -> None:
    """Make the database refuse rows with private data in them; as it comes, its log quotes them."""
    database = embedded(site.gateway.folder / "gateway" / "postgres")
    for statement, values in (
        (AGAIN, [SECRETS["cuff"]]),
        ("UPDATE patient SET organisation_id = NULL WHERE name = %s", [SECRETS["name"]]),
        (f"SELECT '{SECRETS['name']}'::integer", []),
    ):  # fmt: skip
        with pytest.raises(GatewayError), database.transaction() as connection:
            connection.execute(statement, values)


def searched(site: WholeSite) -> list[Path]:
    """Return every file that must not tell."""
    folder = site.gateway.folder
    # Private data belongs there: the tables, the hub's own folder, the simulated devices.
    meant = [
        folder / "gateway/postgres",
        *folder.glob("homes/*/hub"),
        *folder.glob("homes/*/radio"),
    ]
    files = [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.name not in ("home.json", "bluetoothctl")
        and not any(path.is_relative_to(one) for one in meant)
    ]
    return [*files, folder / "gateway/postgres/log"]


@pytest.mark.slow
def test_no_file_tells_whose_what_or_how_much(site: WholeSite, promise: Keep) -> None:
    said = mishaps(site)
    violations(site)
    files = searched(site)
    names = {path.name for path in files}
    assert {"gateway.log", "hub.log", "status.json", file.NAME, "mosquitto.db", "log"} <= names
    private, octets = secrets(site), 0
    for path in files:
        content = TIME.sub(b"", path.read_bytes())
        octets += len(content)
        for secret in private:
            assert secret not in content, f"{path.name} tells {secret!r}"
    for text in said:
        assert not [secret for secret in private if secret in text.encode()], text
    promise("no-leak", files=len(files), octets=octets, secrets=len(private), messages=len(said),
            found=0)  # fmt: skip


@pytest.mark.slow
def test_the_consoles_show_states_only(site: WholeSite) -> None:
    shown = list(site.gateway.folder.glob("homes/*/hub.log"))
    assert shown
    for path in shown:
        lines = [line for line in path.read_text().splitlines() if line.startswith("{")]
        assert all("event" in json.loads(line) for line in lines)
