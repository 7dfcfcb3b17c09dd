"""The gateway's side of enrolment, in a database of its own for each test."""

import pytest

from gateway.storage.database import Database
from tests.integration.enrolment.parts import Office, make_office


@pytest.fixture
def office(embedded_database: Database) -> Office:
    return make_office(embedded_database)
