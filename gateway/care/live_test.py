"""A live test of a roster: every address in it gets a message that says that it is a test."""

from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from gateway.storage.database import Connection
from gateway.storage.rosters import directory

INSERT: Final = """
INSERT INTO notification (id, organisation_id, tasks, person, channel, address, purpose, priority,
    language, next_action_at, created_at)
VALUES (%s, %s, '{}', %s, %s, %s, 'test', 'P4', %s, %s, %s)"""
TELL: Final = "SELECT pg_notify('notification', '')"


def tell_everybody(connection: Connection, organisation: UUID, now: datetime) -> int:
    """Write a test message to every address; return how many."""
    roster = directory(connection, organisation, now).roster
    rows = [
        [uuid4(), organisation, name, way.channel, way.address, person.language, now, now]
        for name, person in roster.persons.items()
        for way in person.contacts
    ]
    with connection.cursor() as cursor:
        cursor.executemany(INSERT, rows)
    connection.execute(TELL)
    return len(rows)
