"""Exports as a program asks for them, and as the loop beside the worker writes them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.fhir.export import Exports
from tests.integration.fhir.conftest import Facade

ASYNC = {"prefer": "respond-async"}


def home(fhir: Facade) -> Path:
    folder: Path = fhir.console.app.state.settings.home
    return folder


def work(fhir: Facade, later: timedelta = timedelta(0)) -> int:
    """Do what the loop beside the worker does, until nothing is left."""
    exports, done = Exports(home(fhir), fhir.console.database), 0
    with fhir.console.database.connect(autocommit=True) as connection:
        while more := exports.look(connection, datetime.now(UTC) + later):
            done += more
    return done


def begin(fhir: Facade, path: str = "$export", **more: Any) -> str:
    answer = fhir.ask(path, headers=ASYNC, **more)
    assert answer.status_code == 202, answer.text
    return str(answer.headers["content-location"])
