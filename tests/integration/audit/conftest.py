"""One database for each file: copying it costs more than what is asked of it."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from gateway.storage import homes
from gateway.storage.database import Database
from tests.fixtures.database import _admin, _named


@pytest.fixture(scope="module")
def shared(embedded_url: str, template: str) -> Iterator[Database]:
    name = f"t{uuid4().hex}"
    _admin(embedded_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield Database(_named(embedded_url, name))
    _admin(embedded_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def organisation(shared: Database) -> UUID:
    with shared.transaction() as connection:
        return homes.add_organisation(connection, f"Clinic {uuid4()}")
