"""The supervisor and a broker that is not ours: what it is told, and what it says."""

import os
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.settings import load_settings
from gateway.supervisor import Supervisor

BROKER = """#!/bin/sh
echo "settings: $(env | grep -c HEARTHLINE)" >&2
echo "1795311314: Error: Address already in use" >&2
exit 1
"""


class BrokerEnded(threading.Event):
    """Is set when the log tells that the broker ended."""

    def __init__(self, logs: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self._logs = logs

    def is_set(self) -> bool:
        return any(
            line["event"] == "child_ended" and line["child"] == "broker" for line in self._logs
        )


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sequence[Mapping[str, Any]]:
    """Run the supervisor with a broker that ends at once; return what was logged."""
    (tmp_path / "mosquitto").write_text(BROKER)
    (tmp_path / "mosquitto").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HEARTHLINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HEARTHLINE_DATABASE_URL", "postgresql://u:sekret@db/x")
    monkeypatch.setattr(sys, "executable", "true")
    settings = load_settings()
    with capture_logs() as logs:
        Supervisor(settings, settings.database(), BrokerEnded(logs)).run()
    return logs


def test_the_broker_hears_none_of_our_settings(logs: Sequence[Mapping[str, Any]]) -> None:
    assert {
        "event": "child_said",
        "log_level": "warning",
        "child": "broker",
        "text": "settings: 0",
    } in logs


def test_one_line_tells_why_the_broker_ended(logs: Sequence[Mapping[str, Any]]) -> None:
    (ended,) = [
        line for line in logs if line["event"] == "child_ended" and line["child"] == "broker"
    ]
    assert (ended["code"], ended["said"]) == (1, "Error: Address already in use")
