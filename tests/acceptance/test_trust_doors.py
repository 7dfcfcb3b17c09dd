"""Keys, revocation and the end of belonging as people meet them: commands, a real broker."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from edge_agent.identity.hub import read_identity
from gateway.app import prepare
from gateway.settings import Settings
from gateway.storage import homes
from gateway.storage.database import Database
from gateway.supervisor import _mosquitto
from simulators.programs import script
from simulators.site import free_port
from tests.acceptance.test_gateway_doors import NOWHERE, Door
from tests.fixtures.broker import wait_for
from tests.fixtures.database import _admin, _named


@pytest.fixture(scope="module")
def door(
    embedded_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Door]:
    """Give a site that is set up, with its broker running."""
    name, home = f"t{uuid4().hex}", tmp_path_factory.mktemp("trust")
    _admin(embedded_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    url, port = _named(embedded_url, name), free_port()
    prepare(Settings(home=home, database_url=url, broker_port=port))
    with Database(url).transaction() as connection:
        organisation = homes.add_organisation(connection, "Clinic")
        patient = homes.add_patient(connection, organisation, "Ada", "UTC")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HEARTHLINE_BROKER_PORT", str(port))
        broker = subprocess.Popen([_mosquitto(), "-c", str(home / "broker" / "mosquitto.conf")])
        wait_for((home / "broker" / "mosquitto.pid").exists, "the broker runs")
        yield Door(home, url, str(organisation), str(patient))
        broker.terminate()
        broker.wait(20)
    _admin(embedded_url, f"DROP DATABASE {name} WITH (FORCE)")


def count(door: Door, query: str) -> int:
    with Database(door.url).transaction() as connection:
        row = connection.execute(f"SELECT count(*) AS n {query}").fetchone()
    assert row is not None
    return int(row["n"])


def test_a_hub_is_revoked_step_by_step_and_once(door: Door, tmp_path: Path) -> None:
    hub = door.done(*door.hub(tmp_path / "hub"))["id"]
    told = door.done("hub", "revoke", hub, "--reason", "stolen from the car")
    steps = [one["step"] for one in told["steps"]]
    assert steps == ["refused", "listed", "reloaded", "kicked", "proved"]
    assert "1 certificates" in told["steps"][0]["detail"]
    assert "Mosquitto was told" in told["steps"][2]["detail"]
    again = door.done("hub", "revoke", hub, "--reason", "again")
    assert [one["at"] for one in again["steps"]] == [one["at"] for one in told["steps"]]
    assert count(door, "FROM security_event WHERE event = 'hub_revoked'") == 1
    assert {one["state"] for one in door.done("hub", "list") if one["id"] == hub} == {"revoked"}
    assert hub not in (door.home / "broker" / "acl").read_text()


@pytest.mark.parametrize("step", ["refused", "listed", "kicked"])
@pytest.mark.slow
def test_the_command_killed_after_a_step_is_given_again(
    door: Door, tmp_path: Path, step: str
) -> None:
    hub = door.done(*door.hub(tmp_path / "hub"))["id"]
    command = [script("hearthline-gateway"), "hub", "revoke", hub, "--reason", "stolen"]
    environment = {**os.environ, **door.environment}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        next(line for line in killed.stdout if step in line)
        killed.kill()
    told = door.done("hub", "revoke", hub, "--reason", "again")
    assert told["steps"][-1]["step"] == "proved"
    assert count(door, f"FROM revocation WHERE hub_id = '{hub}' AND reason = 'stolen'") == 1


def test_what_cannot_be_revoked_is_said(door: Door) -> None:
    assert "No hub" in door.refused("hub", "revoke", NOWHERE, "--reason", "x")
    assert "at least one letter" in door.refused("hub", "revoke", NOWHERE, "--reason", " ")


@pytest.mark.slow
def test_a_pairing_and_an_assignment_end(door: Door, tmp_path: Path) -> None:
    out = tmp_path / "hub"
    hub = door.done(*door.hub(out))["id"]
    device = door.done(*door.pair(hub, "C0:FF:EE:00:00:77", out))["id"]
    assert [one.id for one in read_identity(out).hub_file.devices] == [UUID(device)]
    assert "No device" in door.refused("device", "unassign", NOWHERE)
    other = f"--patient={NOWHERE}"
    assert "No such assignment" in door.refused("device", "unassign", device, other)
    future = "--until=2100-01-01"
    assert "future" in door.refused("device", "unassign", device, future)
    early = "--until=2000-01-01"
    assert "began after" in door.refused("device", "unassign", device, early)
    assert door.done("device", "unassign", device)["ended"] == 1
    assert "No such assignment" in door.refused("device", "unassign", device)
    assert door.done("hub", "unassign", hub, f"--device={device}", f"--out={out}")["ended"] == 1
    assert read_identity(out).hub_file.devices == ()
    assert "not paired" in door.refused("hub", "unassign", hub, f"--device={device}")
    assert (
        count(door, "FROM security_event WHERE event IN ('pairing_ended', 'assignment_ended')") == 2
    )
    # Both may begin anew.
    assert door.done(*door.pair(hub, "C0:FF:EE:00:00:77", out))["id"] == device


@pytest.mark.slow  # make test has twelve minutes
def test_the_root_is_made_trusted_and_signs_what_hubs_believe(door: Door, tmp_path: Path) -> None:
    hub, out, root = tmp_path / "hub", tmp_path / "hub", tmp_path / "root"
    id_ = door.done(*door.hub(hub))["id"]
    assert "no root" in door.refused("keys", "write", id_, f"--out={out}")
    assert door.run("keys", "root", f"--out={root}").returncode == 0
    assert "never made twice" in door.refused("keys", "root", f"--out={root}")
    assert door.run("keys", "trust", f"--root={root}").returncode == 0
    assert door.run("keys", "write", id_, f"--out={out}").returncode == 0
    first = read_identity(out).recipients.records()
    made = door.done("keys", "rotate", f"--root={root}")["keys"]
    assert door.run("keys", "write", id_, f"--out={out}").returncode == 0
    (second,) = read_identity(out).recipients.records()
    assert second not in first
    listed = {one["key"]: one for one in door.done("keys", "list")}
    assert all(listed[kid]["next"].startswith("rotate by") for kid in made)
    old = next(kid for kid in listed if kid not in made and listed[kid]["suite"] == 2)
    needed = {one["key"]: one["needed_by"] for one in door.done("keys", "destroy")}
    assert any(id_ in reason for reason in needed[old])
    assert door.run("keys", "destroy", old).returncode == 2
    assert set(listed) == {one["key"] for one in door.done("keys", "list")}
    assert "No key" in door.refused("keys", "destroy", "00000000")
    assert "right medium" in door.refused("keys", "rotate", f"--root={tmp_path}")
    _sign_offline(door, tmp_path, root)


def _sign_offline(door: Door, folder: Path, root: Path) -> None:
    """The same on a machine that has nothing of the site but the root."""
    asked, signed, nothing = folder / "asked.json", folder / "signed.json", folder / "none"
    assert door.run("keys", "request", f"--out={asked}").returncode == 0
    sign = ("keys", "sign", str(asked), f"--root={root}", f"--out={signed}")
    offline = Door(nothing, "postgresql://nobody@127.0.0.1:1/nothing")
    assert offline.run(*sign).returncode == 0
    assert not nothing.exists()
    assert "not what `keys sign` wrote" in door.refused("keys", "accept", str(asked))
    assert len(door.done("keys", "accept", str(signed))["keys"]) == 2
