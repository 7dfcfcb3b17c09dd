"""The gateway's commands as people meet them: what goes wrong is one line, and nothing is left."""

import json
import os
import shutil
import socket
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from device_profiles.wire.keys import Suite
from gateway.app import prepare
from gateway.identity.files import locked
from gateway.settings import Settings
from gateway.storage import homes
from gateway.storage.database import Database
from simulators.programs import Program, script
from tests.fixtures.broker import wait_for
from tests.fixtures.database import _admin, _named

NOWHERE = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Door:
    """The command, with the settings of one site."""

    home: Path
    url: str
    organisation: str = NOWHERE
    patient: str = NOWHERE

    @property
    def environment(self) -> dict[str, str]:
        return {"HEARTHLINE_HOME": str(self.home), "HEARTHLINE_DATABASE_URL": self.url}

    def run(self, *arguments: str | bytes, **settings: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [script("hearthline-gateway"), *arguments],
            env={**os.environ, **self.environment, **settings},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    def done(self, *arguments: str) -> Any:
        ended = self.run(*arguments, "--json")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def refused(self, *arguments: str | bytes, code: int = 2, **settings: str) -> str:
        """Run what cannot work; return the one line that says why."""
        ended = self.run(*arguments, **settings)
        assert (ended.returncode, ended.stdout) == (code, ""), ended.stderr
        (line,) = ended.stderr.splitlines()
        assert line.startswith("hearthline-gateway: ")
        return line

    def hub(self, out: Path, *more: str) -> tuple[str, ...]:
        return ("hub", "add", out.name, "--organisation", self.organisation, f"--out={out}", *more)

    def pair(self, hub: str, address: str, out: Path) -> tuple[str, ...]:
        device = (f"--address={address}", "--profile=generic_cuff", f"--patient={self.patient}")
        return ("hub", "pair", hub, *device, f"--out={out}")


@pytest.fixture(scope="module")
def database(embedded_url: str) -> Iterator[Callable[[str], str]]:
    """Give a maker of databases, from a template or blank; return the URL of each."""
    names: list[str] = []

    def make(template: str) -> str:
        names.append(f"t{uuid4().hex}")
        _admin(embedded_url, f"CREATE DATABASE {names[-1]} TEMPLATE {template}")
        return _named(embedded_url, names[-1])

    yield make
    for name in names:
        _admin(embedded_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def blank(database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Door:
    """Give a site that was never migrated."""
    return Door(tmp_path_factory.mktemp("blank"), database("template0"))


@pytest.fixture(scope="module")
def site(
    database: Callable[[str], str], template: str, tmp_path_factory: pytest.TempPathFactory
) -> Door:
    """Give a site that is set up, with somebody to measure."""
    home, url = tmp_path_factory.mktemp("site"), database(template)
    prepare(Settings(home=home, database_url=url))
    with Database(url).transaction() as connection:
        organisation = homes.add_organisation(connection, "Clinic")
        patient = homes.add_patient(connection, organisation, "Ada", "UTC")
    return Door(home, url, str(organisation), str(patient))


@pytest.mark.parametrize("program", ["worker", "ingest"])
def test_a_program_before_migrate_says_so(blank: Door, program: str) -> None:
    assert "run `hearthline-gateway migrate` first" in blank.refused(program, code=1)
    assert list(blank.home.iterdir()) == []


def test_a_migration_that_was_killed_does_not_lock_the_next_one_out(
    database: Callable[[str], str], template: str
) -> None:
    url = database(template)
    _admin(url, "INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, now(), 1)")
    assert Database(url).migrate() == []


def test_a_wrong_database_url_is_not_printed(blank: Door) -> None:
    line = blank.refused("migrate", HEARTHLINE_DATABASE_URL="postgres:sekret@db/x")
    assert "sekret" not in line


def test_a_database_that_refuses_gives_no_url_away(blank: Door) -> None:
    url = "postgresql://u:sekret@/x?host=/nowhere"
    line = blank.refused("migrate", code=1, HEARTHLINE_DATABASE_URL=url)
    assert line.endswith("The database does not answer. (OperationalError)")


def test_octets_that_are_no_text_are_no_name(site: Door) -> None:
    assert "UTF-8" in site.refused("organisation", "add", b"\xff")


# The second is refused by the database's side, when the work in the folder has begun.
@pytest.mark.parametrize("device", ["ZZ,generic_cuff,{}", "C0:FF:EE:00:00:01,no_such_profile,{}"])
def test_a_hub_with_a_wrong_device_is_not_made(site: Door, tmp_path: Path, device: str) -> None:
    out = tmp_path / "hubs" / "wrong"
    site.refused(*site.hub(out, "--device", device.format(site.patient)))
    assert list(tmp_path.iterdir()) == []
    with Database(site.url).transaction() as connection:
        assert not connection.execute("SELECT 1 FROM hub WHERE name = 'wrong'").fetchall()


def test_a_folder_that_cannot_be_made_is_named(site: Door) -> None:
    line = site.refused(*site.hub(Path("/proc/x")), code=1)
    assert line.endswith("/proc/x: No such file or directory")


def test_a_wrong_address_is_not_paired(site: Door, tmp_path: Path) -> None:
    line = site.refused(*site.pair(NOWHERE, "foo", tmp_path / "hub"))
    assert "A Bluetooth address looks like" in line


def test_a_home_that_cannot_be_written_is_named(site: Door) -> None:
    assert "/proc/x: " in site.refused("migrate", code=1, HEARTHLINE_HOME="/proc/x")


@pytest.mark.parametrize("name", ["recipients.json", "ca.key"])
def test_a_broken_key_file_is_named_with_its_remedy(site: Door, tmp_path: Path, name: str) -> None:
    home = tmp_path / "home"
    shutil.copytree(site.home, home)
    (home / "keys" / name).write_text("{")
    line = site.refused("ingest", HEARTHLINE_HOME=str(home))
    assert line.endswith(f"{home}/keys/{name} is broken; restore it from the backup of the keys.")


def test_a_keys_folder_that_is_none_is_named(site: Door, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    assert f"{tmp_path}/keys: " in site.refused("ingest", code=1, HEARTHLINE_HOME=str(tmp_path))


def somebody_waits_for(folder: Path) -> bool:
    """Say whether a process waits for the lock of a folder, as proc_locks(5) tells it."""
    waiting = [line for line in Path("/proc/locks").read_text().splitlines() if "->" in line]
    return any(f":{folder.stat().st_ino} " in line for line in waiting)


def test_the_broker_learns_of_a_hub_that_was_added_meanwhile(site: Door, tmp_path: Path) -> None:
    second = homes.HubRow(uuid4(), UUID(site.organisation), "UTC", Suite.X25519)
    acl = site.home / "broker" / "acl"
    with ThreadPoolExecutor(1) as pool:
        with locked(acl.parent):
            first = pool.submit(site.done, *site.hub(tmp_path / "first"))
            wait_for(lambda: somebody_waits_for(acl.parent), "the first waits")
            with Database(site.url).transaction() as connection:
                assert connection.execute("SELECT 1 FROM hub WHERE name = 'first'").fetchone()
                homes.add_hub(connection, second, "second", bytes(32))
        hubs = first.result()["id"], second.id
    assert all(f"user {hub}\n" in acl.read_text() for hub in hubs)


def test_a_hubs_file_has_the_device_that_was_paired_meanwhile(site: Door, tmp_path: Path) -> None:
    hub, out = site.done(*site.hub(tmp_path / "hub"))["id"], tmp_path / "hub"
    addresses = ["C0:FF:EE:00:01:01", "C0:FF:EE:00:01:02"]
    second = homes.NewPairing(
        addresses[1], "generic_cuff", UUID(site.patient), None, datetime.now(UTC)
    )
    with ThreadPoolExecutor(1) as pool:
        with locked(site.home):
            first = pool.submit(site.done, *site.pair(hub, addresses[0], out))
            wait_for(lambda: somebody_waits_for(site.home), "the first waits")
            with Database(site.url).transaction() as connection:
                homes.pair_device(connection, homes.find_hub(connection, UUID(hub)), second)
        first.result()
    devices = tomllib.loads((out / "hub.toml").read_text())["devices"]
    assert sorted(device["address"] for device in devices) == addresses


def test_a_stale_pid_file_harms_nobody(site: Door) -> None:
    # SIGHUP would end `cat`, which waits for input that never comes.
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as bystander:
        pid_file = site.home / "broker" / "mosquitto.pid"
        pid_file.write_text(str(bystander.pid))
        site.done("migrate")
        pid_file.unlink()
        assert bystander.stdin is not None
        bystander.stdin.close()
        assert bystander.wait(20) == 0


def test_a_port_that_is_taken_is_one_log_line(site: Door, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = {"HEARTHLINE_BROKER_PORT": str(taken.getsockname()[1])}
        # The console speaks to people on its standard output, not in log lines.
        settings = {**site.environment, **port, "HEARTHLINE_CONSOLE_PORT": "0"}
        program = Program("hearthline-gateway", ["all"], tmp_path / "log", settings)
        program.start()
        try:
            wait_for(lambda: "child_ended" in program.log.read_text(), "the broker ends")
        finally:
            program.stop()
    lines = [json.loads(line) for line in program.log.read_text().splitlines()]
    ended = next(line for line in lines if line["event"] == "child_ended")
    assert (ended["child"], ended["said"]) == ("broker", "Error: Address already in use")


WARD = """\
organisation: Seaside Clinic
since: 2026-01-01T00:00:00
homes:
  - name: flat-1
    timezone: Europe/Vienna
    people: [Ada Example, Ben Example]
    devices:
      - {address: "C0:FF:EE:01:00:01", profile: generic_cuff, person: Ada Example, slot: 1}
      - {address: "C0:FF:EE:01:00:01", profile: generic_cuff, person: Ben Example, slot: 2}
  - name: flat-2
    suite: 1
    people: [Cleo Example]
"""


def test_many_homes_are_registered_at_once(site: Door, tmp_path: Path) -> None:
    (tmp_path / "ward.yaml").write_text(WARD)
    told = site.done("register", str(tmp_path / "ward.yaml"), "--out", str(tmp_path / "hubs"))
    assert [home["name"] for home in told["homes"]] == ["flat-1", "flat-2"]
    file = tomllib.loads((tmp_path / "hubs" / "flat-1" / "hub.toml").read_text())
    assert (file["hub"], file["timezone"]) == (told["homes"][0]["hub"], "Europe/Vienna")
    assert [device["address"] for device in file["devices"]] == ["C0:FF:EE:01:00:01"]
    hubs = {hub["id"]: hub["devices"] for hub in site.done("hub", "list")}
    assert [hubs[home["hub"]] for home in told["homes"]] == [1, 0]


@pytest.mark.parametrize(
    ("wrong", "right", "says"),
    [
        ("people: [Cleo Example]", "people: []", "homes.1.people"),
        ("Europe/Vienna", "Europe/Atlantis", "homes.0.timezone"),
        ("generic_cuff", "generic_toaster", "homes.0.devices.0.profile"),
        ("person: Ben Example", "person: Bert Example", "not among its people"),
        ("name: flat-2", "name: flat-1", "two homes are called flat-1"),
        ("name: flat-2", "name: ../flat-2", "homes.1.name"),
        ("slot: 2", "slot: 1", "belongs to a patient already"),
        ("homes:", "homes: [", "is not YAML"),
    ],
)
@pytest.mark.slow
def test_a_file_with_a_fault_registers_nothing(
    site: Door, tmp_path: Path, wrong: str, right: str, says: str
) -> None:
    (tmp_path / "ward.yaml").write_text(WARD.replace(wrong, right))
    before = len(site.done("hub", "list"))
    line = site.refused("register", str(tmp_path / "ward.yaml"), "--out", str(tmp_path / "hubs"))
    assert says in line
    assert "Bert" not in line
    assert len(site.done("hub", "list")) == before
    assert not (tmp_path / "hubs").exists()
