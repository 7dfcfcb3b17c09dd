"""No row of one organisation is visible to another, on both kinds of series tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from gateway.storage.as_app import as_app as in_role
from gateway.storage.as_app import go_over_to
from gateway.storage.database import Connection, Database
from tests.fixtures.site import Site, blood_pressure, make_site, reading_body

AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)


@contextmanager
def as_app(database: Database, organisation: UUID | None) -> Iterator[Connection]:
    """Speak as the app role, as a request of one organisation would."""
    with database.connect() as connection:
        connection.execute("SET ROLE hearthline_app")
        if organisation:
            go_over_to(connection, organisation)
        yield connection


@pytest.fixture
def two(database: Database, site: Site) -> tuple[Site, Site]:
    other = make_site(database)
    for home in (site, other):
        home.accept(database, [home.envelope(reading_body(home, blood_pressure(190, 90, AT), AT))])
        home.accept(database, [home.envelope(b"{}")])
    return site, other


def visible(database: Database) -> list[str]:
    """Return every table and view that the app role may read at all."""
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'v', 'p')"
            " AND has_table_privilege('hearthline_app', c.oid, 'SELECT') ORDER BY 1"
        ).fetchall()
    return [row["relname"] for row in rows]


def test_every_row_that_is_seen_belongs_to_the_organisation_of_the_transaction(
    database: Database, two: tuple[Site, Site]
) -> None:
    seen = 0
    tables = visible(database)
    assert {"app_reading", "app_reading_value", "patient", "task", "quarantine"} <= set(tables)
    with as_app(database, two[0].organisation) as connection:
        for table in tables:
            column = "id" if table == "organisation" else "organisation_id"
            rows = connection.execute(
                f"SELECT {column} AS organisation FROM {table}"  # noqa: S608 - names from the catalogue
            ).fetchall()
            assert {row["organisation"] for row in rows} <= {two[0].organisation}, table
            seen += len(rows)
    assert seen > 8


def test_series_tables_themselves_are_closed(database: Database, two: tuple[Site, Site]) -> None:
    for table in ("reading", "reading_value", "identity"):
        with (
            as_app(database, two[0].organisation) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(f"SELECT 1 FROM {table}")  # noqa: S608


@pytest.mark.usefixtures("two")
def test_partitions_and_chunks_are_closed(database: Database) -> None:
    with database.connect() as connection:
        open_ones = connection.execute(
            "SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_inherits i"
            " ON i.inhrelid = c.oid"
            " WHERE has_table_privilege('hearthline_app', c.oid, 'SELECT')"
        ).fetchall()
    assert open_ones == []


@pytest.mark.usefixtures("two")
def test_an_unset_organisation_is_an_error_not_an_empty_answer(database: Database) -> None:
    for table in ("patient", "app_reading"):
        with (
            as_app(database, None) as connection,
            pytest.raises((psycopg.errors.UndefinedObject, psycopg.errors.DataError)),
        ):
            connection.execute(f"SELECT 1 FROM {table}")  # noqa: S608


def test_a_leaky_function_sees_no_foreign_row(database: Database, two: tuple[Site, Site]) -> None:
    with database.transaction() as connection:
        connection.execute(
            "CREATE FUNCTION leak(uuid) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS"
            " $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$"
        )
        connection.execute("GRANT EXECUTE ON FUNCTION leak TO hearthline_app")
    noticed: list[str] = []
    with as_app(database, two[0].organisation) as connection:
        connection.add_notice_handler(lambda notice: noticed.append(str(notice.message_primary)))
        connection.execute("SELECT 1 FROM app_reading WHERE leak(patient_id)")
        connection.execute("SELECT 1 FROM patient WHERE leak(id)")
    assert set(noticed) == {str(two[0].patient)}


def test_the_queries_of_the_gateway_see_one_organisation_as_the_app_role(
    database: Database, two: tuple[Site, Site]
) -> None:
    for site in two:
        with database.transaction() as connection:
            in_role(connection, site.organisation)
            for table in ("reading", "reading_value", "identity"):
                rows = connection.execute(
                    f"SELECT DISTINCT organisation_id FROM {table}"  # noqa: S608
                ).fetchall()
                assert rows == [{"organisation_id": site.organisation}], table


def test_the_role_ends_with_the_transaction(database: Database, site: Site) -> None:
    with database.connect() as connection:
        with connection.transaction():
            in_role(connection, site.organisation)
        row = connection.execute("SELECT current_user AS now, session_user AS me").fetchone()
        assert row is not None
        assert row["now"] == row["me"]


def test_the_app_role_writes_no_more_than_its_moves_need(
    database: Database, two: tuple[Site, Site]
) -> None:
    statements = (
        "DELETE FROM patient",
        "DELETE FROM task",
        "UPDATE task SET patient_id = gen_random_uuid()",
        "UPDATE task SET sentence = ''",
        "UPDATE alert SET severity = 'P4'",
        "UPDATE alert_event SET actor = 'nobody'",
        "UPDATE note SET text = ''",
        "UPDATE time_entry SET ended_at = now()",
        "DELETE FROM app.reading",
        "UPDATE app.reading_value SET number = 0",
        "INSERT INTO app.identity SELECT * FROM app.identity",
        "UPDATE hub SET organisation_id = gen_random_uuid()",
        "UPDATE hub SET signing_key = decode(repeat('ab', 32), 'hex')",
        "INSERT INTO task SELECT * FROM task",
    )
    with database.transaction() as connection:
        in_role(connection, two[0].organisation)
        for statement in statements:
            with (
                pytest.raises(psycopg.errors.InsufficientPrivilege),
                connection.transaction(),
            ):
                connection.execute(statement)


def test_no_row_is_written_for_another_organisation(
    database: Database, two: tuple[Site, Site]
) -> None:
    with database.transaction() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        in_role(connection, two[0].organisation).execute(
            "INSERT INTO note (id, organisation_id, patient_id, about, text, author_id, author,"
            " created_at) VALUES (gen_random_uuid(), %s, %s, now(), 'x', gen_random_uuid(), 'x',"
            " now())",
            [two[1].organisation, two[1].patient],
        )
