"""The demo's home that waits: nothing runs there before somebody has installed it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simulators.demo import waiting
from simulators.demo.residents import ZONE, file_of
from simulators.demo.waiting import LINE, METER, WaitingHome
from simulators.home_file import HomeFile
from simulators.programs import ProgramFailed
from simulators.site import Gateway

HUB = "93584e11-a07d-4944-b62c-54ba8df883a7"


class Box:
    """Stands for the programs of a home: whether they run is all that is asked."""

    def __init__(self, folder: Path, hub: str, settings: dict[str, str]) -> None:
        self.folder, self.hub, self.settings = folder, hub, settings
        self.running: list[str] = []

    def start_radio(self) -> None:
        self.running.append("radio")

    def start_agent(self) -> None:
        self.running.append("agent")

    def stop(self) -> None:
        self.running.clear()


def test_hub_and_meter_are_switched_on_once_a_device_is_paired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubs: list[dict[str, Any]] = [{"id": "another", "devices": 2}]
    boxes: list[Box] = []

    def brought(*given: Any, **more: Any) -> Box:
        boxes.append(Box(*given, **more))
        return boxes[-1]

    monkeypatch.setattr(waiting, "Home", brought)
    monkeypatch.setattr(waiting, "LOOK_EVERY_S", 0.0)
    gateway = Gateway(tmp_path, 1)
    monkeypatch.setattr(gateway, "call", lambda *_: hubs)
    home = WaitingHome(tmp_path / "carla-example", gateway)
    home.look(ZONE)
    (tmp_path / "carla-example" / "hub").mkdir(parents=True)
    (tmp_path / "carla-example" / "hub" / "hub.toml").write_text(f'version = 1\nhub = "{HUB}"\n')
    hubs.append({"id": HUB, "devices": 0})
    home.look(ZONE)
    assert boxes == []
    hubs[-1]["devices"] = 1
    home.look(ZONE)
    home.look(ZONE)
    (box,) = boxes
    assert (box.hub, box.running) == (HUB, ["radio", "agent"])
    told = HomeFile.model_validate_json((tmp_path / "carla-example" / "home.json").read_text())
    assert [device.address for device in told.devices] == [METER]
    home.stop()
    assert box.running == []


def test_a_gateway_that_does_not_answer_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def away(*words: str) -> Any:
        asked.append(" ".join(words))
        raise ProgramFailed("hearthline-gateway hub: the database is away")

    monkeypatch.setattr(waiting, "LOOK_EVERY_S", 0.0)
    gateway = Gateway(tmp_path, 1)
    monkeypatch.setattr(gateway, "call", away)
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "hub.toml").write_text(f'version = 1\nhub = "{HUB}"\n')
    home = WaitingHome(tmp_path, gateway)
    home.look(ZONE)
    home.look(ZONE)
    assert asked == ["hub list"] * 2


def test_the_patient_has_agreed() -> None:
    names, line = file_of(LINE, datetime(2026, 11, 22, tzinfo=UTC)).splitlines()
    assert "consent_on" in names
    assert line.endswith("2026-09-22,verbal")
