"""A wrong connectors.toml: readings are evaluated, it is said, and it is taken up when mended."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import tomli_w
from structlog.testing import capture_logs
from typer.testing import CliRunner

from gateway import app
from gateway.cli import app as commands
from gateway.errors import WrongInput
from gateway.outbox.file import FILE, is_wrong, read_connectors
from gateway.outbox.run import far_sides
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.outbox import FILE_WRONG, register
from simulators.far_sides import FarSide
from simulators.far_sides import far_sides as kinds_there
from tests.fixtures.database import copied
from tests.fixtures.site import Site, make_site
from tests.integration.alerting.homes import one, rows, take_pressures, until

STATE = "SELECT error, down_since, well_at FROM connector WHERE name = 'crm'"


@pytest.fixture(scope="module")
def shared(embedded_url: str, template: str) -> Iterator[Database]:
    with copied(embedded_url, template) as database:
        yield database


@pytest.fixture(scope="module")
def site(shared: Database) -> Site:
    return make_site(shared)


@pytest.fixture(scope="module")
def side() -> Iterator[FarSide]:
    with kinds_there()["salesforce"]() as side:
        yield side


@pytest.fixture
def settings(
    shared: Database, site: Site, side: FarSide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Give a gateway that knows a far side, as of an earlier start."""
    monkeypatch.setenv("HEARTHLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HEARTHLINE_DATABASE_URL", shared.url)
    write(tmp_path, site, side)
    with shared.transaction() as connection:
        register(connection, [entry.row() for entry in read_connectors(tmp_path / FILE)])
        connection.execute(
            "UPDATE connector SET error = NULL, down_since = NULL, well_at = NULL, poll_at = NULL"
        )
    return Settings(home=tmp_path, database_url=shared.url, broker_managed=False)


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def write(home: Path, site: Site, side: FarSide, name: str = "crm", **more: Any) -> None:
    table = {"kind": side.kind, "organisation": str(site.organisation), **side.table(), **more}
    settled(home, tomli_w.dumps({name: table}))


def settled(home: Path, text: str) -> None:
    """Write the file as a whole, and as of long ago: nobody is writing it."""
    new = home / "new"
    new.write_text(text)
    os.utime(new, (1e9, 1e9))
    new.replace(home / FILE)


def end(thread: threading.Thread, stop: threading.Event, database: Database) -> None:
    stop.set()
    with database.connect(autocommit=True) as connection:
        connection.execute("NOTIFY outbox")
    thread.join(20)
    assert not thread.is_alive()


def beside(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"poll_every_s": 0}, "crm.poll_every_s"),
        ({"name": "ehr", "organisation": str(uuid4())}, "no organisation"),
    ],
    ids=["by itself", "for this database"],
)
def test_a_wrong_file_is_said_and_taken_up_when_it_is_mended(
    settings: Settings,
    shared: Database,
    site: Site,
    side: FarSide,
    stop: threading.Event,
    wrong: dict[str, Any],
    said: str,
) -> None:
    write(settings.home, site, side, **wrong)
    with capture_logs() as logs:
        thread = beside(far_sides(settings, shared, stop, again_s=0.02).run)
        until(lambda: one(shared, STATE)["error"] == FILE_WRONG)
        told = CliRunner().invoke(commands, ["connectors", "list"])
        assert told.exit_code == 1
        assert said in told.stderr
        assert "failing" in told.stdout
        write(settings.home, site, side)
        until(lambda: one(shared, STATE)["error"] is None)
        until(lambda: one(shared, STATE)["well_at"] is not None)
        end(thread, stop, shared)
    (line,) = [each for each in logs if each["event"] == "far_sides_not_served"]
    assert said in line["wrong"]
    assert "every minute" in line["do"]


def test_who_has_a_wrong_file_evaluates(
    settings: Settings,
    shared: Database,
    site: Site,
    stop: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (settings.home / FILE).write_text("[crm")
    (settings.home / "notifiers.toml").write_text("[sms")
    monkeypatch.setattr(app, "stop_on_signals", lambda: stop)
    monkeypatch.setattr(app, "configure_logs", lambda _: None)
    thread = beside(lambda: app.run_worker(settings))
    take_pressures(site, shared, (184, 112, 3), (186, 114, 2))
    until(lambda: bool(rows(shared, "SELECT FROM task")), 60)
    until(lambda: one(shared, STATE)["error"] == FILE_WRONG)
    stop.set()
    thread.join(20)
    assert not thread.is_alive()


def test_whether_a_file_is_wrong_is_looked_at_anew_when_it_changes(
    settings: Settings, site: Site, side: FarSide
) -> None:
    file = settings.home / FILE
    assert not is_wrong(file)
    file.write_text("[crm")
    assert is_wrong(file)
    write(settings.home, site, side, url="https://a:b")
    assert is_wrong(file)
    file.unlink()
    assert not is_wrong(file)
    file.mkdir()
    assert is_wrong(file)
    with pytest.raises(WrongInput, match="cannot be read"):
        read_connectors(file)
