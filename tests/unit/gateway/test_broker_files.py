"""The broker's files: what a hub may do, and whom a pid file may wake."""

import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from device_profiles.wire.v1 import Class, topic_down, topic_up
from gateway.broker.files import reload_broker
from gateway.broker.mosquitto import access_list

HUB = UUID("00000000-0000-4000-8000-00000000000a")
PROGRAM = """
import signal, sys
open("/proc/self/comm", "w").write(sys.argv[1])
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
print("ready", flush=True)
print(signal.sigtimedwait({signal.SIGHUP}, float(sys.argv[2])) is not None, flush=True)
"""


def woken(folder: Path, comm: str, wait_s: float) -> tuple[bool, bool]:
    """Return what `reload_broker` said, and whether a process of this name heard it."""
    command = [sys.executable, "-c", PROGRAM, comm, str(wait_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        (folder / "mosquitto.pid").write_text(f"{process.pid}\n")
        said = reload_broker(folder)
        return said, process.stdout.readline() == "True\n"


def test_a_hub_writes_its_three_topics_and_nothing_else_beneath_them() -> None:
    block = access_list([HUB]).split(f"user {HUB}\n")[1].splitlines()
    assert block == [
        f"topic write hl/1/a/{HUB}/up/alert",
        f"topic write hl/1/a/{HUB}/up/routine",
        f"topic write hl/1/a/{HUB}/up/status",
        f"topic read {topic_down(HUB)}",
    ]
    assert [f"topic write {topic_up(HUB, class_)}" for class_ in Class] == block[:3]


def test_ingest_reads_all_of_its_shard() -> None:
    assert "user ingest-a\ntopic read hl/1/a/+/up/#\ntopic write hl/1/a/+/down\n" in access_list([])


def test_a_running_mosquitto_is_told(tmp_path: Path) -> None:
    assert woken(tmp_path, "mosquitto", wait_s=20) == (True, True)


def test_a_stale_pid_file_wakes_nobody(tmp_path: Path) -> None:
    assert woken(tmp_path, "bystander", wait_s=0.1) == (False, False)


@pytest.mark.parametrize("text", ["", "0", "-1", "99999999999999", "9" * 5000, "x", "\xff"])
def test_a_pid_file_may_hold_anything(tmp_path: Path, text: str) -> None:
    (tmp_path / "mosquitto.pid").write_bytes(text.encode("latin-1"))
    assert reload_broker(tmp_path) is False


def test_no_pid_file_is_no_broker(tmp_path: Path) -> None:
    assert reload_broker(tmp_path) is False
