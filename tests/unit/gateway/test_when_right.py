"""A wrong file is said once, looked at again, and taken up when it is right and nobody writes."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway import when_right
from gateway.errors import ConnectionLost, WrongInput
from gateway.life import Loop
from gateway.when_right import WhenRight

LONG_AGO = (1e9, 1e9)


def test_a_wrong_file_is_said_once_and_taken_up_when_it_is_right(tmp_path: Path) -> None:
    answers, marked = iter(["a is wrong", "a is wrong", "b is wrong", ""]), []

    def loops() -> list[Loop]:
        if wrong := next(answers):
            raise WrongInput(wrong)
        return []

    stop, file = threading.Event(), tmp_path / "file.toml"
    with capture_logs() as logs:
        WhenRight(file, "not_served", loops, stop, lambda: marked.append(1), again_s=0).run()
    assert [each["event"] for each in logs] == ["not_served"] * 2
    assert [each["log_level"] for each in logs] == ["error"] * 2
    assert "a is wrong" in logs[0]["wrong"]
    assert "every minute" in logs[0]["do"]
    assert len(marked) == 3


def test_what_else_goes_wrong_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(when_right, "LONGEST_RETRY_S", 0.0)
    answers = iter([ConnectionLost(), KeyError("a value"), None])

    def loops() -> list[Loop]:
        if error := next(answers):
            raise error
        return []

    with capture_logs() as logs:
        WhenRight(tmp_path / "file.toml", "not_served", loops, threading.Event()).run()
    assert [(each["event"], each["error"]) for each in logs] == [
        ("loop_interrupted", "ConnectionLost"),
        ("loop_interrupted", "KeyError"),
    ]


def test_half_of_a_file_is_not_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(when_right, "SETTLED_S", 3600.0)
    file, read = tmp_path / "file.toml", []
    file.write_text("wrong")
    os.utime(file, LONG_AGO)

    def loops() -> list[Loop]:
        read.append(file.read_text())
        if read[-1] == "wrong":
            raise WrongInput
        return []

    stop = Steps(lambda: file.write_text("hal"), lambda: None, lambda: whole(file))
    WhenRight(file, "not_served", loops, stop, again_s=0).run()
    assert read == ["wrong", "whole"]


def test_half_of_a_file_is_not_taken_up_at_the_start(tmp_path: Path) -> None:
    file, read = tmp_path / "file.toml", []
    file.write_text("hal")

    def loops() -> list[Loop]:
        read.append(file.read_text())
        return []

    stop = Steps(lambda: whole(file))
    WhenRight(file, "not_served", loops, stop).run()
    assert read == ["whole"]
    assert stop.waited == [when_right.SETTLED_S]


class Steps(threading.Event):
    """Never set; at each wait somebody does the next thing."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        super().__init__()
        self._steps = iter(steps)
        self.waited: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        next(self._steps)()
        return False


def whole(file: Path) -> None:
    file.write_text("whole")
    os.utime(file, LONG_AGO)


def test_it_ends_where_the_file_stays_wrong(tmp_path: Path) -> None:
    stop = threading.Event()

    def loops() -> list[Loop]:
        stop.set()
        raise WrongInput

    WhenRight(tmp_path / "file.toml", "not_served", loops, stop).run()
