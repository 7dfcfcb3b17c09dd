"""Whatever SQL is sent as the app role: no row of another organisation, and nobody's credentials.

It speaks as `all` lets the console speak: signed in as hearthline_app itself, a role that owns
nothing. Every table has a row of `theirs`, marked; no mark may come back, in whatever way.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import psycopg
import pytest
from psycopg.rows import dict_row

from gateway.storage.as_app import place
from gateway.storage.database import Connection, Database
from gateway.storage.roles import APP, let_sign_in
from tests.fixtures.database import copied
from tests.integration.storage.crowd import crowd, insert, marked, tables

OURS = marked("xoursx", 21213)
THEIRS = marked("xtheirsx", 31337)

# Who signs in and how: read by hearthline_access alone.
CREDENTIALS = (
    "ceremony",
    "invitation",
    "oidc_identity",
    "passkey",
    "password",
    "person",
    "program_secret",
    "recovery_code",
    "session",
    "sign_in_try",
    "totp",
)


@pytest.fixture(scope="module")
def crowded(embedded_url: str, template: str) -> Iterator[Database]:
    with copied(embedded_url, template) as database:
        crowd(database, OURS, THEIRS)
        with database.connect(autocommit=True) as connection:
            connection.execute("ANALYZE")
        yield database


@pytest.fixture(scope="module")
def url(crowded: Database) -> str:
    return let_sign_in(crowded)[APP]


@pytest.fixture(scope="module")
def app(url: str) -> Iterator[Connection]:
    """Speak as hearthline_app."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        yield connection
        connection.rollback()


def told(connection: Connection, *statements: str) -> str:
    """Send statements in a transaction of our organisation; return all that is told."""
    heard: list[str] = []

    def listen(notice: psycopg.errors.Diagnostic) -> None:
        heard.append(f"{notice.message_primary} {notice.message_detail}")

    connection.add_notice_handler(listen)
    place(connection, OURS.organisation)
    try:
        heard.extend(_run(connection, statement) for statement in statements)
    except psycopg.Error as error:
        heard += [str(error), str(error.diag.context), str(error.diag.internal_query)]
    finally:
        connection.rollback()
        connection.remove_notice_handler(listen)
    return "\n".join(heard)


def _run(connection: Connection, statement: str) -> str:
    with connection.cursor() as cursor:
        if statement.startswith("COPY"):
            with cursor.copy(statement.encode()) as copy:
                return b"".join(copy).decode(errors="replace")
        cursor.execute(statement.encode())
        return str(cursor.fetchall()) if cursor.description else ""


def readable(app: Connection) -> list[tuple[str, list[str]]]:
    """Return every table and view that may be read, whatever its schema, with its columns."""
    rows = app.execute(
        "SELECT c.oid::regclass::text AS name, array_agg(a.attname::text) AS columns"
        " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
        " WHERE c.relnamespace::regnamespace::text IN ('public', 'app')"
        " AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
        " AND has_column_privilege(c.oid, a.attnum, 'SELECT') GROUP BY 1"
    ).fetchall()
    return [(row["name"], row["columns"]) for row in rows]


def theirs_in(text: str) -> bool:
    return THEIRS.is_in(text)


def test_the_marks_are_found_where_they_are(crowded: Database, app: Connection) -> None:
    with crowded.transaction() as connection:
        for table in tables(connection):
            assert theirs_in(str(connection.execute(f"SELECT * FROM {table}").fetchall())), table  # noqa: S608
    assert OURS.is_in(told(app, "SELECT * FROM patient"))
    assert len(readable(app)) > 30


WAYS = (
    "SELECT {columns} FROM {table}",
    "COPY (SELECT {columns} FROM {table}) TO STDOUT",
    "COPY {table} ({columns}) TO STDOUT",
    "SELECT query_to_xml('SELECT {columns} FROM {table}', true, false, '')",
    "SELECT table_to_xml('{table}', true, false, '')",
    "DECLARE c CURSOR WITH HOLD FOR SELECT {columns} FROM {table}; FETCH ALL FROM c",
    "SELECT t.* FROM {table} t FOR UPDATE",
    "SELECT t.* FROM {table} t FOR KEY SHARE",
    "TABLE {table}",
)


def test_no_table_and_no_view_shows_a_foreign_row(app: Connection) -> None:
    for name, columns in readable(app):
        for way in WAYS:
            statement = way.format(table=name, columns=", ".join(columns))
            assert not theirs_in(told(app, statement)), statement


def test_no_condition_sees_a_foreign_row_and_no_error_quotes_one(app: Connection) -> None:
    """Neither a cast that fails on a value, nor a division, nor a function that shouts."""
    for name, columns in readable(app):
        for column in columns:
            for condition in (
                f"t.{column}::text::int = 0",
                f"1 / (CASE WHEN t.{column}::text LIKE '%{THEIRS.word}%' THEN 0 ELSE 1 END) = 1",
                f"t.{column}::text::inet IS NULL",
                f"t.{column}::text ~ (t.{column}::text || '(')",
            ):
                heard = told(app, f"SELECT 1 FROM {name} t WHERE {condition}")  # noqa: S608
                assert not theirs_in(heard.replace(condition, "")), (name, condition)
                if condition.startswith("1 /"):
                    assert "division" not in heard, (name, column)


def test_no_function_of_ones_own_sees_a_foreign_row(app: Connection) -> None:
    for name, _ in readable(app):
        heard = told(
            app,
            "CREATE FUNCTION pg_temp.shout(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001"
            " AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$",
            f"SELECT 1 FROM {name} t WHERE pg_temp.shout(t::text)",  # noqa: S608
        )
        assert not theirs_in(heard), name
    heard = told(
        app,
        "DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM patient LOOP"
        " RAISE NOTICE '%', r; END LOOP; END $$",
    )
    assert OURS.is_in(heard)
    assert not theirs_in(heard)


CATALOGUES = (
    "SELECT * FROM pg_stats",
    "SELECT * FROM pg_stats_ext",
    "SELECT * FROM pg_stats_ext_exprs",
    "SELECT * FROM pg_statistic",
    "SELECT * FROM pg_statistic_ext_data",
    "SELECT * FROM pg_authid",
    "SELECT * FROM pg_shadow",
    "SELECT * FROM pg_hba_file_rules",
    "SELECT * FROM pg_file_settings",
    "SELECT * FROM pg_largeobject",
    "SELECT * FROM pg_stat_activity",
    "SELECT pg_stat_get_backend_activity(n) FROM generate_series(1, 50) n",
    "SELECT * FROM pg_prepared_statements",
    "SELECT * FROM pg_cursors",
    "SELECT * FROM pg_stat_user_tables",
    "SELECT * FROM information_schema.columns",
    "SELECT database_to_xml(true, false, '')",
    "SELECT schema_to_xml('public', true, false, '')",
    "SELECT * FROM ts_stat('SELECT to_tsvector(name) FROM patient')",
    "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef",
    "SELECT prosrc FROM pg_proc",
)


@pytest.mark.parametrize("statement", CATALOGUES)
def test_the_catalogues_tell_nothing(
    crowded: Database, url: str, app: Connection, statement: str
) -> None:
    with crowded.connect() as connection, psycopg.connect(url, row_factory=dict_row) as other:
        place(other, THEIRS.organisation)
        # Somebody else's query with a value in it, as a statement that runs would have.
        connection.execute(f"SELECT 'busy {THEIRS.word}'")
        assert not theirs_in(told(app, statement))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT pg_read_file('postgresql.conf')",
        "SELECT pg_ls_dir('.')",
        "SELECT lo_import('/etc/passwd')",
        "COPY patient TO PROGRAM 'cat'",
        "COPY (SELECT 1) TO '/tmp/x'",
        "CREATE FUNCTION app.x() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION public.x() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE public.x (a int)",
        "CREATE TABLE app.x (a int)",
        "CREATE SCHEMA x",
        "CREATE VIEW public.x AS SELECT 1",
        "CREATE EXTENSION vector",
        "CREATE EVENT TRIGGER x ON ddl_command_start EXECUTE FUNCTION audit_chain()",
        "CREATE SUBSCRIPTION x CONNECTION '' PUBLICATION y",
        "CREATE ROLE x",
        "ALTER ROLE hearthline_app BYPASSRLS",
        "ALTER ROLE hearthline_app SUPERUSER",
        "ALTER TABLE patient DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE patient NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY of_organisation ON patient",
        "CREATE POLICY mine ON patient USING (true)",
        "ALTER VIEW app_reading SET (security_barrier = false)",
        "CREATE OR REPLACE FUNCTION app_organisation() RETURNS uuid LANGUAGE sql AS 'SELECT NULL'",
        "CREATE TRIGGER x AFTER INSERT ON task EXECUTE FUNCTION audit_chain()",
        "CREATE RULE x AS ON SELECT TO patient DO INSTEAD SELECT 1",
        "CREATE TABLE x PARTITION OF reading DEFAULT",
        "SET ROLE hearthline_access",
        "SET SESSION AUTHORIZATION hearthline_access",
        "SET session_replication_role = replica",
        "SET row_security = off; SELECT * FROM patient",
        "LOCK TABLE patient IN ACCESS EXCLUSIVE MODE",
        "ANALYZE VERBOSE patient; SELECT 1/0",
        "REINDEX TABLE patient",
        "TRUNCATE patient",
        "VACUUM FULL patient",
        "ALTER SYSTEM SET log_statement = 'all'",
        "SET log_min_messages = debug5",
        "SELECT set_config('app.org', gen_random_uuid()::text, true)",
    ],
)
def test_nothing_else_is_allowed(app: Connection, statement: str) -> None:
    place(app, OURS.organisation)
    with pytest.raises(psycopg.Error) as refused:
        app.execute(statement.encode())
    app.rollback()
    assert not theirs_in(str(refused.value))


def test_no_role_is_to_be_had_by_putting_this_one_down(crowded: Database, app: Connection) -> None:
    for statement in ("RESET ROLE", "SET ROLE NONE", "RESET SESSION AUTHORIZATION", "RESET ALL"):
        heard = told(app, statement, "SELECT session_user, current_user")
        assert heard.count(APP) == 2, statement
        assert not theirs_in(told(app, statement, "SELECT * FROM patient"))
    with crowded.connect() as connection:
        rows = connection.execute(
            "SELECT rolname FROM pg_roles r WHERE pg_has_role('hearthline_app', oid, 'MEMBER')"
            " AND rolname <> 'hearthline_app'"
        ).fetchall()
        owned = connection.execute(
            "SELECT oid::regclass::text AS name FROM pg_class WHERE relowner = %s::regrole", [APP]
        ).fetchall()
    assert rows == []
    assert owned == []


def test_the_application_calls_no_function_with_rights_of_others(app: Connection) -> None:
    with app.transaction():
        rows = app.execute(
            "SELECT p.oid::regprocedure::text AS name, p.prosecdef AS with_rights, p.proconfig"
            " FROM pg_proc p WHERE p.pronamespace::regnamespace::text IN ('public', 'app')"
            " AND p.prorettype <> 'trigger'::regtype"
            " AND has_function_privilege(p.oid, 'EXECUTE')"
        ).fetchall()
        definers = app.execute(
            "SELECT p.oid::regprocedure::text AS name, p.proconfig AS config FROM pg_proc p"
            " WHERE p.prosecdef AND p.pronamespace::regnamespace::text IN ('public', 'app')"
        ).fetchall()
    assert [row["name"] for row in rows if row["with_rights"]] == []
    for row in definers:
        assert "search_path=pg_catalog" in str(row["config"]), row["name"]
        assert "pg_temp" in str(row["config"]), row["name"]


def test_credentials_are_out_of_reach(crowded: Database, app: Connection) -> None:
    for table in CREDENTIALS:
        heard = told(app, f"SELECT count(*) FROM public.{table}")  # noqa: S608
        assert "permission denied" in heard, table
    with crowded.connect() as connection:
        rows = connection.execute(
            "SELECT table_name, privilege_type FROM information_schema.column_privileges"
            " WHERE grantee IN ('hearthline_app', 'PUBLIC') AND table_schema = 'public'"
            " AND table_name = ANY(%s)",
            [list(CREDENTIALS)],
        ).fetchall()
    assert rows == []


def test_a_table_with_an_organisation_is_isolated_whoever_may_read_it(crowded: Database) -> None:
    with crowded.connect() as connection:
        rows = connection.execute(
            "SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " AND a.attname = 'organisation_id' WHERE c.relkind IN ('r', 'p')"
            " AND c.relnamespace = 'public'::regnamespace AND NOT c.relispartition"
            " AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
            " AND has_any_column_privilege('hearthline_app', c.oid, 'SELECT, INSERT, UPDATE')"
        ).fetchall()
    assert [row["name"] for row in rows] == []


WRITES = (
    "DELETE FROM public.{table} RETURNING *",
    "UPDATE public.{table} SET organisation_id = '{organisation}' RETURNING *",
    "INSERT INTO public.{table} (organisation_id) VALUES ('{organisation}') RETURNING *",
    "INSERT INTO public.{table} SELECT * FROM public.{table} ON CONFLICT DO NOTHING",
)


def test_nothing_is_written_for_another_organisation(crowded: Database, app: Connection) -> None:
    """Neither put in, nor changed, nor taken out, nor given away."""
    with crowded.transaction() as connection:
        before = {name: _rows(connection, name) for name in tables(connection)}
    for name in before:
        for way in WRITES:
            heard = told(app, way.format(table=name, organisation=THEIRS.organisation))
            assert not theirs_in(heard.replace(str(THEIRS.organisation), "")), (name, way)
        place(app, OURS.organisation)
        with pytest.raises(psycopg.Error), app.transaction():
            insert(app, name, replace(OURS, number=4242), THEIRS.organisation)
        for column in _writable(app, name):
            with suppress(psycopg.Error), app.transaction():
                app.execute(f"UPDATE public.{name} SET {column} = {column}")  # noqa: S608
        app.rollback()
    with crowded.transaction() as connection:
        assert {name: _rows(connection, name) for name in before} == before


def _rows(connection: Connection, table: str) -> list[str]:
    rows = connection.execute(f"SELECT t::text AS row FROM {table} t ORDER BY 1").fetchall()  # noqa: S608
    return [row["row"] for row in rows if theirs_in(row["row"])]


def _writable(connection: Connection, table: str) -> list[str]:
    rows = connection.execute(
        "SELECT attname::text AS name FROM pg_attribute WHERE attrelid = %s::regclass"
        " AND attnum > 0 AND has_column_privilege(attrelid, attnum, 'UPDATE')",
        [f"public.{table}"],
    ).fetchall()
    return [row["name"] for row in rows]


LEFT_BEHIND = (
    f"SET app.org = '{THEIRS.organisation}'",
    "CREATE TEMPORARY TABLE patient AS SELECT 'xtrapx' AS name",
    "CREATE TEMPORARY VIEW reading AS SELECT 'xtrapx' AS name",
    "SET search_path = pg_temp, public",
    "SET row_security = on",
    "PREPARE look AS SELECT * FROM patient",
    "DECLARE c CURSOR WITH HOLD FOR SELECT * FROM patient",
    "CREATE FUNCTION pg_temp.app_organisation() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
)


@pytest.mark.parametrize("left", LEFT_BEHIND)
def test_what_a_request_leaves_on_its_connection_moves_nothing_of_the_next(
    url: str, left: str
) -> None:
    """Somebody of another organisation had the connection before, and all the SQL they liked."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        place(connection, THEIRS.organisation)
        connection.execute(left.encode())
        connection.commit()
        for statement in ("SELECT * FROM patient", "SELECT * FROM reading", "EXECUTE look"):
            heard = told(connection, statement)
            assert not theirs_in(heard)
            assert "xtrapx" not in heard
            assert statement.startswith("EXECUTE") or OURS.is_in(heard)


def test_a_role_that_changed_its_own_defaults_is_placed_all_the_same(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"ALTER ROLE {APP} SET app.org = '{THEIRS.organisation}'")
        connection.execute(f"ALTER ROLE {APP} SET search_path = pg_temp")
    try:
        with psycopg.connect(url, row_factory=dict_row) as connection:
            heard = told(connection, "SELECT * FROM patient")
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"ALTER ROLE {APP} RESET ALL")
    assert OURS.is_in(heard)
    assert not theirs_in(heard)


@pytest.mark.parametrize("value", ["''", "'x'", "DEFAULT", "'{}'", "'%'"])
def test_no_organisation_is_an_error(app: Connection, value: str) -> None:
    for name, columns in readable(app):
        app.execute(f"SET LOCAL app.org = {value}".encode())
        with pytest.raises((psycopg.errors.UndefinedObject, psycopg.errors.DataError)):
            app.execute(f"SELECT {columns[0]} FROM {name}")  # noqa: S608
        app.rollback()


REFERENCES = """
SELECT c.conrelid::regclass::text || '.' || a.attname AS column
FROM pg_constraint c
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
WHERE c.contype = 'f' AND cardinality(c.conkey) = 1 AND c.conparentid = 0
  AND (has_column_privilege('hearthline_app', c.conrelid, a.attnum, 'INSERT')
       OR has_column_privilege('hearthline_app', c.conrelid, a.attnum, 'UPDATE'))
  AND EXISTS (SELECT FROM pg_attribute o WHERE o.attrelid = c.confrelid
              AND o.attname = 'organisation_id')
  AND NOT EXISTS (
    SELECT FROM pg_constraint d JOIN pg_attribute o ON o.attrelid = d.conrelid
        AND o.attname = 'organisation_id'
    WHERE d.contype = 'f' AND d.conrelid = c.conrelid AND d.confrelid = c.confrelid
      AND d.conkey @> ARRAY[o.attnum, a.attnum])
ORDER BY 1"""


def test_what_the_app_role_writes_refers_to_its_own_organisation_only(crowded: Database) -> None:
    """A foreign key looks past row security: by id alone it would take another's patient."""
    with crowded.connect() as connection:
        rows = connection.execute(REFERENCES).fetchall()
    assert [row["column"] for row in rows] == []
