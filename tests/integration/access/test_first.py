"""The first administrator: by a link that is printed, once, while nobody is registered."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from gateway.access.demo import PASSWORD as DEMO_PASSWORD
from gateway.access.demo import add_demo_people
from gateway.access.welcome import first_link
from gateway.settings import Settings
from gateway.storage import homes
from gateway.storage.database import Database
from gateway.web.app import make_console
from gateway.web.serve import say_first_link
from tests.fixtures.console import ADDRESS

FORM = {
    "organisation": "Seaside Clinic",
    "name": "Ada",
    "email": "Ada@example.org",
    "password": "a long way to the lighthouse",
}


def _path(link: str | None) -> str:
    assert link is not None
    return link.removeprefix(ADDRESS)


def test_the_first_link_makes_an_administrator_and_there_is_no_second(
    embedded_database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(home=tmp_path, database_url=embedded_database.url, console_url=ADDRESS)
    app = make_console(settings, embedded_database)
    with TestClient(app, ADDRESS, headers={"origin": ADDRESS}, follow_redirects=False) as browser:
        say_first_link(app.state.desk)
        assert f"{ADDRESS}/welcome/" in capsys.readouterr().out
        old, link = _path(first_link(app.state.desk)), _path(first_link(app.state.desk))
        assert browser.get(old).status_code == 410
        assert browser.post(link, data={**FORM, "organisation": ""}).status_code == 400
        assert browser.post(link, data={**FORM, "email": "no address"}).status_code == 400
        assert browser.post(link, data=FORM).status_code == 303
        assert browser.get("/").headers["location"] == "/account/second-factor"
        assert browser.get(link).status_code == 410
        assert first_link(app.state.desk) is None
        say_first_link(app.state.desk)
        assert "/welcome/" not in capsys.readouterr().out


def test_demo_people_sign_in_without_a_second_factor_and_the_page_says_what_they_are(
    embedded_database: Database, tmp_path: Path
) -> None:
    settings = Settings(
        home=tmp_path, database_url=embedded_database.url, console_url=ADDRESS, demo_sign_in=True
    )
    app = make_console(settings, embedded_database)
    with embedded_database.transaction() as connection:
        place = homes.add_organisation(connection, "Demo clinic")
        now = app.state.desk.now()
        made = add_demo_people(connection, place, "Europe/Vienna", now)
        assert add_demo_people(connection, place, "Europe/Vienna", now) == made
    with TestClient(app, ADDRESS, headers={"origin": ADDRESS}, follow_redirects=False) as browser:
        assert "These are demo people" in browser.get("/sign-in").text
        for address in made.values():
            form = {"email": address, "password": DEMO_PASSWORD}
            assert browser.post("/sign-in", data=form).status_code == 303
            assert "This is a demo person" in browser.get("/account").text
            browser.cookies.clear()
        assert first_link(app.state.desk) is None
