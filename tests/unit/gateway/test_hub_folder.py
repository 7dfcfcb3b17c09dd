"""A hub's folder: new or empty, and gone again where the work in it fails."""

from pathlib import Path

import pytest

from gateway.errors import WrongInput
from gateway.identity.hub_kit import new_folder


def fail_in(folder: Path) -> None:
    with new_folder(folder):
        (folder / "hub.key").write_text("secret")
        raise KeyError


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        fail_in(tmp_path / "hubs" / "ada")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_there_stays_and_is_empty_again(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        fail_in(tmp_path)
    assert tmp_path.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_success_leaves_all(tmp_path: Path) -> None:
    with new_folder(tmp_path / "ada"):
        (tmp_path / "ada" / "hub.key").write_text("secret")
    assert (tmp_path / "ada" / "hub.key").exists()


def test_a_folder_of_another_hub_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "hub.key").write_text("secret")
    with pytest.raises(WrongInput, match="not an empty folder"), new_folder(tmp_path):
        pytest.fail("it was taken")
    assert (tmp_path / "hub.key").read_text() == "secret"
