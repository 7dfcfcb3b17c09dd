"""A database whose owner is no superuser, as a hospital gives it; and roles that log in."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from starlette.testclient import TestClient

from gateway.access.welcome import first_link
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.roles import ACCESS, APP, NOBODY, let_sign_in
from gateway.web.app import make_console
from tests.fixtures.console import ADDRESS

PASSWORD = "a long way to the lighthouse"
FORM = {"organisation": "Clinic", "name": "Ada", "email": "a@example.org", "password": PASSWORD}

pytestmark = pytest.mark.slow


@pytest.fixture
def owned(embedded_url: str, template: str) -> Iterator[Database]:
    """Give a migrated database of a role that may make roles, and little else."""
    assert template
    given = {**conninfo_to_dict(embedded_url), "dbname": "owned", "user": "plain_owner"}
    with psycopg.connect(embedded_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE plain_owner LOGIN CREATEROLE")
        connection.execute("GRANT pg_read_all_settings TO plain_owner")
        # Other tests on this server made them; an owner of a server's first site makes them.
        connection.execute(
            "GRANT hearthline_app, hearthline_access TO plain_owner"
            " WITH ADMIN TRUE, INHERIT FALSE, SET TRUE"
        )
        connection.execute("CREATE DATABASE owned OWNER plain_owner")
        database = Database(f"postgresql:///?{urlencode(given)}")
        database.migrate()
        yield database
        connection.execute("DROP DATABASE owned WITH (FORCE)")


def _begins(settings: Settings, path: str | None) -> dict[str, str]:
    """Sign somebody in; return who the application is to the database."""
    assert settings.database_url
    database = Database(settings.database_url)
    database.require_schema()
    app = make_console(settings, database)
    with TestClient(app, ADDRESS, headers={"origin": ADDRESS}, follow_redirects=False) as browser:
        to = path or (first_link(app.state.desk) or "").removeprefix(ADDRESS)
        assert browser.post(to, data=FORM).status_code == 303
        assert browser.get("/account/second-factor").status_code == 200
        with app.state.site.transaction(NOBODY) as connection:
            row = connection.execute("SELECT current_user AS now, session_user AS login").fetchone()
            assert row is not None
            return dict(row)


def test_the_console_needs_no_owners_rights(owned: Database, tmp_path: Path) -> None:
    reduced = Settings(home=tmp_path, database_url=owned.url, console_url=ADDRESS)
    assert _begins(reduced, None) == {"now": APP, "login": "plain_owner"}
    urls = let_sign_in(owned)
    apart = Settings(
        home=tmp_path,
        database_url=urls[ACCESS],
        access_database_url=urls[ACCESS],
        app_database_url=urls[APP],
        console_url=ADDRESS,
    )
    assert _begins(apart, "/sign-in") == {"now": APP, "login": APP}
