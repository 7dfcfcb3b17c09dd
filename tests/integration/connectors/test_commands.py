"""`connectors list`, `test`, `replay`: what an operator sees before anything is sent, and after."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from typer.testing import CliRunner

from gateway.cli import app
from gateway.errors import NotFound, WrongInput
from gateway.outbox.file import FILE, find, read_connectors
from gateway.storage.database import Database
from gateway.storage.outbox import register
from simulators.far_sides import FarSide, far_sides
from tests.fixtures.database import copied
from tests.fixtures.site import Site, make_site
from tests.integration.alerting.homes import evaluate, one, take_pressures

SIGNS = "whsec_aHVzaGh1c2hodXNoaHVzaA=="
SIGNS_TOO = """
[crm]
kind = 'webhook'
organisation = '{o}'
inbound_secrets = ['whsec_aHVzaGh1c2hodXNoaHVzaA==']
ping_secrets = ['{ping}']
"""
HEALTH = ("184", "mmHg", "Blood pressure", "systolic", "MRN-0001 ")


@pytest.fixture(scope="module")
def shared(embedded_url: str, template: str) -> Iterator[Database]:
    with copied(embedded_url, template) as database:
        yield database


@pytest.fixture(scope="module")
def site(shared: Database) -> Site:
    site = make_site(shared)
    take_pressures(site, shared, (184, 112, 3), (186, 114, 2))
    evaluate(shared)
    return site


@pytest.fixture(scope="module")
def side() -> Iterator[FarSide]:
    with far_sides()["salesforce"]() as side:
        yield side


@pytest.fixture
def home(
    tmp_path: Path, shared: Database, site: Site, side: FarSide, monkeypatch: pytest.MonkeyPatch
) -> Path:
    side.reset()
    monkeypatch.setenv("HEARTHLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HEARTHLINE_DATABASE_URL", shared.url)
    write(tmp_path, site, side)
    return tmp_path


def write(home: Path, site: Site, side: FarSide, **more: Any) -> None:
    table = {"kind": side.kind, "organisation": str(site.organisation), **side.table(), **more}
    (home / FILE).write_text(tomli_w.dumps({"crm": table}))


def run(*arguments: str) -> tuple[int, str]:
    told = CliRunner().invoke(app, ["connectors", *arguments])
    if isinstance(told.exception, NotFound | WrongInput):
        return 2, str(told.exception)
    return told.exit_code, told.output


@pytest.mark.usefixtures("home")
def test_a_dry_run_shows_the_request_masked_and_sends_nothing(side: FarSide) -> None:
    code, text = run("test", "crm", "--dry-run")
    assert (code, side.requests) == (0, [])
    assert "PATCH " in text
    assert "Clinical task" in text
    assert "Nothing was sent." in text
    assert not [secret for secret in side.secrets if secret in text]
    assert not [word for word in HEALTH if word in text]


def test_what_lets_it_in_here_is_not_shown(home: Path, site: Site, side: FarSide) -> None:
    ours = {"ping_secrets": ["a-ping-and-nothing-else"], "inbound_secrets": ["whsec_aHVzaA=="]}
    write(home, site, side, **ours)
    code, text = run("test", "crm", "--dry-run")
    assert code == 0
    assert not [secret for (secret,) in ours.values() if secret in text]


def test_more_is_shown_where_the_file_allows_more(home: Path, site: Site, side: FarSide) -> None:
    write(home, site, side, contents="full")
    task = one(read_database(), "SELECT id, sentence FROM task LIMIT 1")
    code, text = run("test", "crm", "--dry-run", "--task", str(task["id"]), "--json")
    assert code == 0
    shown = json.loads(text)
    assert task["sentence"] in json.dumps(shown["requests"], ensure_ascii=False)
    assert shown["check"] is None


def read_database() -> Database:
    from gateway.settings import load_settings

    return load_settings().database()


@pytest.mark.usefixtures("home")
def test_signing_in_is_tried_and_nothing_written(side: FarSide) -> None:
    code, text = run("test", "crm")
    assert code == 0
    assert "Signing in: well. Nothing was written." in text
    assert {request.purpose for request in side.requests} <= {"sign-in", "read"}


def test_who_is_not_let_in_is_told_so(home: Path, site: Site, side: FarSide) -> None:
    write(home, site, side, url="http://127.0.0.1:9")
    code, text = run("test", "crm")
    assert code == 1
    assert "Signing in: ConnectError" in text


def test_what_waits_and_what_is_dead_is_listed_and_replayed(home: Path, shared: Database) -> None:
    assert run("list") == (0, f"No connector; see {FILE}.\n")
    entry = find(read_connectors(home / FILE), "crm")
    with shared.transaction() as connection:
        register(connection, [entry.row()])
    code, text = run("list", "--json")
    (line,) = json.loads(text)
    assert (code, line["standing"], line["waiting"]) == (0, "waiting", 1)
    with shared.transaction() as connection:
        connection.execute(
            "UPDATE outbox SET state = 'dead', settled_at = now(), error = 'http_400'"
        )
    code, text = run("list")
    assert code == 1
    assert "dead" in text
    assert run("replay", "crm", "--by", "Opal Operator") == (0, "1 wait again.\n")
    assert json.loads(run("list", "--json")[1])[0]["standing"] == "waiting"
    query = "SELECT actor_kind, actor FROM audit WHERE action = 'connector.replay'"
    assert one(shared, query) == {"actor_kind": "operator", "actor": "cli:Opal Operator"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[crm", "is not TOML"),
        ("crm = 1", "crm is not a table"),
        ("[crm]\nkind = 'sap'\norganisation = '{o}'", "crm.kind: no such kind"),
        ("[crm]\nkind = 'webhook'", "crm.organisation"),
        ("[CRM]\nkind = 'webhook'\norganisation = '{o}'", "CRM.name"),
        ("[crm]\nkind = 'webhook'\norganisation = '{o}'\nsecret = 'hush'", "crm."),
        ("[crm]\nkind = 'hubspot'\norganisation = '{o}'\ntoken = ['hush']", "crm.token"),
        ("[crm]\nkind = 'webhook'\norganisation = '{o}'\ncontents = 'all'", "crm.contents"),
        (
            "[crm]\nkind = 'webhook'\norganisation = '{o}'\nping_secrets = ['hush']",
            "crm.ping_secrets",
        ),
        *(
            (SIGNS_TOO.replace("{ping}", ping), "crm.ping_secrets: Value error, the secret of a")
            for ping in (SIGNS, SIGNS.removeprefix("whsec_"), SIGNS.rstrip("="))
        ),
    ],
)
def test_a_wrong_file_is_told_by_its_place_and_quotes_nothing(
    home: Path, site: Site, text: str, said: str
) -> None:
    (home / FILE).write_text(text.replace("{o}", str(site.organisation)))
    code, told = run("test", "crm", "--dry-run")
    assert code == 2
    assert said in told
    assert "hush" not in told
