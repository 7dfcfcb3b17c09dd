"""One home, three devices, from the measurement to the task; and nobody in between can read it."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.identity.authority import issue_client
from gateway.identity.files import SiteKeys, write_credential
from simulators.programs import script
from tests.fixtures.broker import RunningBroker, heard, wait_for
from tests.fixtures.whole_site import (
    SECRETS,
    WholeSite,
    cuff,
    meter,
    oximeter,
    start_site,
)

COUNT = 3 + 40 + 3
# With a fraction, so that no counter, port or process id looks like them, and no seconds of a time.
SYSTOLIC, GLUCOSE, SPO2 = "187.3", "63.7", "91.3"


def devices() -> list[dict[str, Any]]:
    given = [cuff(3, 2), meter(40), oximeter(3, 2)]
    for device, name, value in zip(
        given, ("systolic", "glucose", "spo2"), (SYSTOLIC, GLUCOSE, SPO2), strict=True
    ):
        for measurement in device["measurements"]:
            measurement[name] = value
    return given


class Eavesdropper:
    """Hears everything that the broker carries."""

    def __init__(self, site: WholeSite) -> None:
        folder = site.gateway.folder / "gateway"
        keys = SiteKeys(folder / "keys")
        name = "eavesdropper"
        credential = issue_client(keys.authority(), name, datetime.now(UTC), timedelta(days=1))
        write_credential(keys.folder, name, credential)
        # A file of its own: the worker keeps the gateway's as the database has the hubs.
        acl, mine = folder / "broker" / "acl", folder / "broker" / "acl-heard"
        mine.write_text(acl.read_text() + f"\nuser {name}\ntopic read #\n")
        settings = folder / "broker" / "mosquitto.conf"
        settings.write_text(settings.read_text().replace(str(acl.resolve()), str(mine.resolve())))
        os.kill(site.child("broker"), signal.SIGHUP)
        port = int(site.gateway.environment["HEARTHLINE_BROKER_PORT"])
        self.client = RunningBroker(folder / "broker", keys, port).client(name)
        self.messages = heard(self.client, "#")

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture(scope="module")
def listened(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[WholeSite, list[tuple[str, bytes]]]]:
    with ExitStack() as running:
        site = start_site(tmp_path_factory.mktemp("site"), devices(), running)
        eavesdropper = Eavesdropper(site)
        running.callback(eavesdropper.stop)
        wait_for(site.settled(COUNT), "all is stored", seconds=60)
        wait_for(lambda: len(site.gateway.call("tasks", "list")) >= 3, "three tasks are open")
        yield site, eavesdropper.messages


@pytest.fixture
def site(listened: tuple[WholeSite, list[tuple[str, bytes]]]) -> WholeSite:
    return listened[0]


def secrets(site: WholeSite) -> list[bytes]:
    """Return all that must not show: names, addresses in every spelling, values, octets."""
    texts = [SECRETS["name"], "Testperson", SYSTOLIC, GLUCOSE, SPO2, "systolic", "mm[Hg]", "mg/dL"]
    for key in ("cuff", "meter", "oximeter"):
        address = SECRETS[key]
        texts += [address, address.lower(), address.replace(":", ""), address.replace(":", "_")]
    octets = [bytes.fromhex(line["octets"]) for line in site.home.taken()]
    hexes = [one.hex().encode() for one in octets]
    return [*(text.encode() for text in texts), *octets, *hexes]


def test_a_subscriber_of_everything_reads_nothing(
    listened: tuple[WholeSite, list[tuple[str, bytes]]],
) -> None:
    site, messages = listened
    envelopes = [octets for topic, octets in messages if "/up/" in topic]
    assert len(envelopes) >= 6
    assert any("/down" in topic for topic, _ in messages)
    for topic, payload in messages:
        for secret in secrets(site):
            assert secret not in topic.encode()
            assert secret not in payload


def test_logs_spool_and_broker_store_hold_nothing_private(site: WholeSite) -> None:
    folder = site.gateway.folder
    # Mosquitto writes its store every half minute, and when it is asked to.
    os.kill(site.child("broker"), signal.SIGUSR1)
    store = folder / "gateway" / "broker" / "mosquitto.db"
    wait_for(store.exists, "the broker's store is written")
    files = [
        *folder.glob("logs/*.log"),
        *folder.glob("homes/*/hub.log"),
        *folder.glob("homes/*/state/*"),
        *folder.glob("gateway/broker/*"),
    ]
    names = {path.name for path in files}
    assert {"gateway.log", "hub.log", "spool.db", "mosquitto.db"} <= names
    for path in filter(Path.is_file, files):
        content = path.read_bytes()
        for secret in secrets(site):
            assert secret not in content, f"{path.name} tells {secret!r}"


def test_trace_tells_every_step_with_its_time(site: WholeSite) -> None:
    (task, *_) = site.gateway.call("tasks", "list")
    detail = site.gateway.call("tasks", "show", task["id"])
    reading = detail["evidence"][0]["reading_id"]
    traced = site.gateway.call("trace", reading)["steps"]
    steps = {step["step"]: step["at"] for step in traced}
    expected = [
        *("measured", "indicated", "decoded", "sealed", "published", "received", "stored"),
        *("receipted", "evaluated", "alert", "task"),
    ]
    assert [name for name in expected if steps.get(name) is None] == []
    # Once stored, it is receipted by one program and evaluated by another.
    for last in ("receipted", "evaluated"):
        names = ("indicated", "decoded", "received", "stored", last)
        order = [datetime.fromisoformat(steps[name]) for name in names]
        assert order == sorted(order)
    assert any("on the hub" in step["detail"] for step in traced if step["step"] == "decoded")
    wait_for(
        lambda: any(
            step["step"] == "let go by the hub" and step["at"]
            for step in site.gateway.call("trace", reading)["steps"]
        ),
        "the hub's status says that it let go",
    )


def test_each_rule_that_breaks_has_one_task_with_its_evidence(site: WholeSite) -> None:
    tasks = site.gateway.call("tasks", "list")
    found = {(task["rule_key"], task["direction"]): task["readings"] for task in tasks}
    assert len(found) == len(tasks)
    assert sorted(found.values()) == [3, 3, 40]
    assert all(task["patient"] == SECRETS["name"] for task in tasks)


@pytest.mark.parametrize(
    "arguments",
    [
        ("trace", "00000000-0000-0000-0000-000000000000"),
        ("trace", "nonsense"),
        ("tasks", "show", "00000000-0000-0000-0000-000000000000"),
        ("custody", "00000000-0000-0000-0000-000000000000"),
        ("tasks", "list", "--queue", "nobody"),
        ("quarantine", "replay", "00000000-0000-0000-0000-000000000000"),
        ("patient", "add", "X", "--organisation", "00000000-0000-0000-0000-000000000000"),
        ("patient", "add", "X", "--organisation", "x", "--timezone", "Moon/Base"),
        ("readings", "--limit", "0"),
    ],
)
def test_wrong_input_is_refused_with_a_reason(site: WholeSite, arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [script("hearthline-gateway"), *arguments],
        env={**os.environ, **site.gateway.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_a_hub_has_one_account_and_one_line_of_status(site: WholeSite) -> None:
    account = site.custody()
    assert account["quarantined"] == {}
    assert account["dropped_by_hub"] == []
    assert account["security_events"] == 0
    status = subprocess.run(
        [script("hearthline-edge"), "status", "--json"],
        env={**os.environ, **(site.home.agent.environment if site.home.agent else {})},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(status.stdout)["waiting"] == 0


def test_a_second_gateway_on_the_same_home_is_refused(site: WholeSite) -> None:
    done = subprocess.run(
        [script("hearthline-gateway"), "all"],
        env={**os.environ, **site.gateway.environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 2
    assert "Another `hearthline-gateway all` runs" in done.stderr
