"""A wrong notifiers.toml: tasks open and climb, messages wait, and go when it is mended."""

import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from gateway.app import messages
from gateway.cli import app
from gateway.errors import WrongInput
from gateway.life import live
from gateway.settings import Settings
from gateway.storage.database import Database
from tests.fixtures.site import make_site
from tests.integration.alerting.homes import rows, take_glucoses, until
from tests.integration.alerting.life import Clinic

STATES = "SELECT state FROM notification"


def test_messages_wait_for_a_file_that_is_wrong(
    embedded_database: Database, tmp_path: Path
) -> None:
    site = make_site(embedded_database)
    clinic = Clinic(embedded_database, site, now=datetime.now(UTC))
    clinic.roster()
    take_glucoses(clinic.site, clinic.database, ("50", 1))
    clinic.evaluate()
    file, stop = tmp_path / "notifiers.toml", threading.Event()
    file.write_text("[sms]\naccount = 'hush'\n")
    with capture_logs() as logs:
        delivering = messages(Settings(home=tmp_path), embedded_database, stop, again_s=0.02)
        thread = threading.Thread(target=delivering.run, daemon=True)
        thread.start()
        until(lambda: any(each["event"] == "messages_not_sent" for each in logs))
        with embedded_database.connect(autocommit=True) as connection:
            assert live(connection, datetime.now(UTC)) == 1, "its ladder is climbed"
        assert rows(embedded_database, STATES) == [{"state": "due"}]
        new = tmp_path / "new"
        new.touch()
        os.utime(new, (1e9, 1e9))
        new.replace(file)
        # There is no such channel in it, which is an answer.
        until(lambda: rows(embedded_database, STATES) == [{"state": "dead"}])
        stop.set()
        with embedded_database.connect(autocommit=True) as connection:
            connection.execute("NOTIFY notification")
        thread.join(20)
    assert "hush" not in str(logs)
    (line,) = [each for each in logs if each["event"] == "messages_not_sent"]
    assert "sms." in line["wrong"]


def test_a_test_message_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTHLINE_HOME", str(tmp_path))
    (tmp_path / "notifiers.toml").write_text("[sms]\naccount = 'hush'\n")
    told = CliRunner().invoke(app, ["oncall", "test", "--organisation", str(uuid4())])
    assert isinstance(told.exception, WrongInput)
    assert "notifiers.toml: sms." in str(told.exception)
    assert "hush" not in str(told.exception)
