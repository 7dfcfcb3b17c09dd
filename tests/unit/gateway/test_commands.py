"""The table of commands: every file is in it, and every name is what its files make."""

from importlib import import_module
from pathlib import Path

import pytest

import gateway.cli
from gateway.cli import FILES, load


def test_every_file_with_commands_is_in_the_table() -> None:
    folder = Path(str(gateway.cli.__file__)).parent
    modules = {path.stem: import_module(f"gateway.cli.{path.stem}") for path in folder.glob("*.py")
               if not path.stem.startswith("_")}  # fmt: skip
    with_commands = {name for name, module in modules.items() if hasattr(module, "register")}
    assert with_commands == {file for files in FILES.values() for file in files}


@pytest.mark.parametrize("name", FILES)
def test_a_name_has_all_its_commands_and_no_file_too_many(name: str) -> None:
    made = load(*FILES[name])
    assert name in made
    for file in FILES[name]:
        assert name in load(file), file
    elsewhere = {file for files in FILES.values() for file in files} - set(FILES[name])
    assert not [file for file in elsewhere if name in load(file)]
