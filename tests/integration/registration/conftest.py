"""A database for each file of tests, and connections in the app role."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest

from gateway.storage import homes
from gateway.storage.as_app import as_app
from gateway.storage.database import Connection, Database
from tests.fixtures.database import copied

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Clinic:
    """An organisation; `at_work` is a request of somebody who works there."""

    database: Database
    organisation: UUID

    @contextmanager
    def at_work(self) -> Iterator[Connection]:
        with self.database.transaction() as connection:
            yield as_app(connection, self.organisation)


@pytest.fixture(scope="module")
def shared_database(embedded_url: str, template: str) -> Iterator[Database]:
    with copied(embedded_url, template) as database:
        yield database


@pytest.fixture
def clinic(shared_database: Database) -> Clinic:
    """Give an organisation of its own to each test."""
    with shared_database.transaction() as connection:
        organisation = homes.add_organisation(connection, "Test clinic")
    return Clinic(shared_database, organisation)
