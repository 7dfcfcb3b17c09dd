"""What is done is recorded with it, chained for each organisation, and never changed."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID, uuid4

import psycopg
import pytest

from gateway.access.rights import Role, rights_of
from gateway.access.who import Who
from gateway.audit.append import append
from gateway.storage import homes
from gateway.storage.as_app import as_app
from gateway.storage.database import Database

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PATIENT = UUID(int=1)


def somebody(organisation: UUID, name: str = "N. Night") -> Who:
    roles = frozenset({Role.COORDINATOR})
    return Who(uuid4(), name, organisation, "Clinic", roles, rights_of(roles), uuid4())


def add(database: Database, who: Who, action: str = "patient.view") -> None:
    with database.transaction() as connection:
        append(as_app(connection, who.organisation), who, action, at=AT, patient=PATIENT)


def chain(database: Database, organisation: UUID) -> list[tuple[int, bytes, str]]:
    with database.transaction() as connection:
        rows = connection.execute(
            "SELECT seq, hash, audit_text(a) AS text FROM audit a WHERE organisation_id = %s"
            " ORDER BY seq",
            [organisation],
        ).fetchall()
    return [(row["seq"], row["hash"], row["text"]) for row in rows]


def test_entries_are_numbered_and_chained(shared: Database, organisation: UUID) -> None:
    who = somebody(organisation, 'Nadia "N" Náght\n')
    for _ in range(3):
        add(shared, who)
    before = bytes(32)
    for expected, (seq, hash_, text) in enumerate(chain(shared, organisation), 1):
        assert seq == expected
        assert hash_ == sha256(before + text.encode()).digest()
        assert text == json.dumps(json.loads(text), ensure_ascii=False)
        before = hash_
    assert seq == 3


def test_nothing_is_recorded_of_what_was_not_done(shared: Database, organisation: UUID) -> None:
    who = somebody(organisation)
    with shared.connect() as connection:
        append(connection, who, "patient.view", at=AT)
        connection.rollback()
    add(shared, who)
    assert [seq for seq, _, _ in chain(shared, organisation)] == [1]


def test_who_appends_waits_for_nobody_until_the_commit(
    shared: Database, organisation: UUID
) -> None:
    who, slow = somebody(organisation), somebody(organisation, "S. Slow")
    with shared.transaction() as connection:
        append(as_app(connection, organisation), slow, "patient.view", at=AT)
        add(shared, who)  # would hang, were the chain held by an open request
        assert len(chain(shared, organisation)) == 1
    assert len(chain(shared, organisation)) == 2


def test_many_at_once_leave_no_hole(shared: Database, organisation: UUID) -> None:
    who, start = somebody(organisation), threading.Barrier(8)

    def work(_: int) -> None:
        start.wait(60)
        for _ in range(5):
            add(shared, who)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert [seq for seq, _, _ in chain(shared, organisation)] == list(range(1, 41))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FROM audit_waiting",
        "SELECT 1 FROM audit_head",
        "SELECT 1 FROM audit_checkpoint",
        "UPDATE audit SET actor = 'X'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "DELETE FROM audit_waiting",
        "INSERT INTO audit SELECT * FROM audit",
        "INSERT INTO audit_head VALUES (app_organisation(), 9, '')",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "SELECT audit_text(a) FROM audit a",
    ],
)
def test_the_app_role_only_appends(shared: Database, organisation: UUID, statement: str) -> None:
    with (
        shared.connect() as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        as_app(connection, organisation).execute(statement)


def test_the_app_role_appends_for_its_organisation_and_not_as_an_operator(
    shared: Database, organisation: UUID
) -> None:
    with shared.transaction() as connection:
        other = homes.add_organisation(connection, "Other")
    for whose, kind in ((other, "person"), (organisation, "operator")):
        with (
            shared.connect() as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            as_app(connection, organisation).execute(
                "INSERT INTO audit_waiting (organisation_id, at, actor_kind, actor, action)"
                " VALUES (%s, now(), %s, 'X', 'a.b')",
                [whose, kind],
            )


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET seq = 2", "DELETE FROM audit", "TRUNCATE audit"]
)
def test_the_owner_is_refused_too(shared: Database, organisation: UUID, statement: str) -> None:
    add(shared, somebody(organisation))
    with (
        shared.connect() as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="only added to"),
    ):
        connection.execute(statement)


def test_what_measurements_are_made_of_is_refused(shared: Database, organisation: UUID) -> None:
    with shared.connect() as connection, pytest.raises(TypeError):
        append(connection, somebody(organisation), "a.b", at=AT, detail={"systolic": 180.5})
