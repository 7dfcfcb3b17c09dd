"""A wrong notifiers.toml is told to whoever administers, on every page, until it is mended."""

from pathlib import Path

from alerting.languages import translator
from gateway.access.rights import Role
from gateway.notifiers_file import NOTIFIERS, is_wrong
from tests.fixtures.console import Console

WRONG = "notifiers.toml is wrong: a worker that starts with it sends no message to anybody."


def test_who_administers_is_told_that_messages_wait(console: Console) -> None:
    file: Path = console.app.state.settings.home / NOTIFIERS
    administrator, coordinator = map(console.client, (Role.ADMINISTRATOR, Role.COORDINATOR))
    assert WRONG not in administrator.get("/people").text
    file.write_text("[sms]\naccount = 'hush'\n")
    for page in ("/fleet", "/people"):  # the first page, and that of who is written to
        told = administrator.get(page).text
        assert WRONG in told
        assert "hush" not in told
    administrator.cookies.set("language", "es")
    assert translator("es")(WRONG) in administrator.get("/people").text
    administrator.cookies.delete("language")
    assert WRONG not in coordinator.get("/worklist").text
    file.unlink()
    assert WRONG not in administrator.get("/people").text


def test_the_file_is_looked_at_anew_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / NOTIFIERS
    assert not is_wrong(file)
    file.write_text("[sms")
    assert is_wrong(file)
    new = tmp_path / "new"
    new.touch()
    new.replace(file)
    assert not is_wrong(file)
    file.unlink()
    file.mkdir()
    assert is_wrong(file)
