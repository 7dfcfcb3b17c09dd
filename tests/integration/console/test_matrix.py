"""Every door of the console x every role, nobody and programs x two organisations.

Doors are read off the application, so that a new one is tested by itself. Who may what is told by
`gateway/access/rights.py`; whatever a door does besides, it never touches another organisation.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final
from uuid import UUID, uuid4

import httpx2
import pytest
from starlette.testclient import TestClient

from gateway.access.rights import RIGHTS, Right, Role
from tests.fixtures.console import Console
from tests.integration.console.doors import ENDLESS, Door, doors
from tests.integration.console.samples import WORDS, Clinic, make_clinics

DOORS: Final = doors()
GUARDED: Final = [door for door in DOORS if door.rights is not None]
# Signing in, one's own account, and what is the same for everybody: they check by themselves.
OPEN: Final = ("/account", "/sign-in", "/sign-out", "/welcome/", "/oauth/", "/language/")
PUBLIC: Final = {
    "GET /styleguide",
    # What a far side signs, or shows its secret for.
    "POST /api/v1/connectors/{name}/inbox",
    "POST /api/v1/connectors/{name}/ping",
    "GET /fhir/metadata",
    "GET /fhir/.well-known/smart-configuration",
}
SIGN_IN: Final = 303


@pytest.fixture(scope="module")
def clinics(console: Console) -> tuple[Clinic, Clinic]:
    return make_clinics(console)


def knock(
    client: TestClient, door: Door, names: Mapping[str, str], body_id: UUID, **headers: str
) -> httpx2.Response:
    """Ask as a client would: with a body that fits, and what is to be in the headers."""
    told = {"idempotency-key": uuid4().hex, "if-match": '"x"', **headers}
    asked, body = door.query(), door.body(body_id)
    return client.request(door.method, door.at(names), params=asked, headers=told, **body)


def named(door: Door, clinic: Clinic, role: Role | None = None) -> dict[str, str]:
    return {name: clinic.named(name, role) for name in door.names()}


def test_whoever_asks_for_no_right_is_known() -> None:
    unguarded = [str(door) for door in DOORS if door.rights is None]
    assert {one for one in unguarded if not one.split()[1].startswith(OPEN)} == PUBLIC
    assert len(GUARDED) > 150


def test_a_door_is_opened_by_rights_that_there_are() -> None:
    for door in GUARDED:
        assert door.rights, door
        assert any(door.rights & rights for rights in RIGHTS.values()), f"{door}: for nobody"


@pytest.mark.parametrize("door", GUARDED, ids=str)
def test_a_door_opens_for_whom_the_table_names_and_for_nobody_else(
    console: Console, clinics: tuple[Clinic, Clinic], door: Door
) -> None:
    clinic, id_ = clinics[0], clinics[0].site.patient
    rights = door.rights or frozenset()
    nobody = knock(console.nobody(), door, named(door, clinic), id_)
    assert nobody.status_code == (401 if door.is_api else SIGN_IN), "nobody"
    for role in sorted(Role, key=lambda role: bool(rights & RIGHTS[role])):
        may = bool(rights & RIGHTS[role])
        if may and door.path in ENDLESS:
            continue
        answer = knock(console.client(role), door, named(door, clinic, role), id_)
        assert (answer.status_code == 403) is not may, (role, answer.text)
        assert answer.status_code not in {401, 500}, (role, answer.text)


@pytest.mark.parametrize("door", [door for door in GUARDED if door.is_api], ids=str)
def test_a_program_may_what_its_key_says(
    console: Console, clinics: tuple[Clinic, Clinic], door: Door
) -> None:
    clinic, id_ = clinics[0], clinics[0].site.patient
    assert door.rights is not None
    for rights, key in clinic.keys.items():
        may = bool(door.rights & rights)
        if may and door.path in ENDLESS:
            continue
        shown = {"authorization": f"Bearer {key}"}
        answer = knock(console.nobody(), door, named(door, clinic), id_, **shown)
        assert (answer.status_code == 403) is not may, answer.text
        assert answer.status_code not in {401, 500}, answer.text
    wrong = {"authorization": "Bearer hl_key_x"}
    answer = knock(console.nobody(), door, named(door, clinic), id_, **wrong)
    assert answer.status_code == 401


TABLES: Final = """
SELECT string_agg(format('SELECT %L AS name, md5(string_agg(t::text, %L ORDER BY t::text)) AS rows'
    ' FROM %s t WHERE organisation_id = %L', c.oid::regclass, '|', c.oid::regclass, %s::uuid),
    ' UNION ALL ') AS query
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organisation_id'
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'session'"""


@pytest.fixture(scope="module")
def theirs(
    console: Console, clinics: tuple[Clinic, Clinic]
) -> Iterator[Callable[[], dict[str, str]]]:
    """Return a look at every row of the other organisation."""
    with console.database.connect(autocommit=True) as connection:
        found = connection.execute(
            TABLES.replace("%s", "%%s").replace("%L", "%%L").replace("%%s::uuid", "%s::uuid"),
            [clinics[1].site.organisation],
        ).fetchone()
        assert found

        def rows() -> dict[str, str]:
            told = connection.execute(found["query"].encode()).fetchall()
            return {row["name"]: row["rows"] for row in told}

        yield rows


# Those that name something by its id, in the path or in the body.
PATHS: Final = [door for door in GUARDED if set(door.names()) - WORDS.keys()]
NAMED: Final = ("patient", "person", "device")


@pytest.mark.parametrize("door", PATHS, ids=str)
def test_nothing_of_another_organisation_is_there(
    console: Console,
    clinics: tuple[Clinic, Clinic],
    theirs: Callable[[], dict[str, str]],
    door: Door,
) -> None:
    """Whoever may: neither by its own ids, nor where one of several ids is theirs."""
    assert door.rights is not None
    role = next(role for role in Role if door.rights & RIGHTS[role])
    client, before = console.client(role), theirs()
    for names in _mixed(named(door, clinics[0], role), named(door, clinics[1], role)):
        answer = knock(client, door, names, clinics[0].site.patient)
        assert answer.status_code == 404 or (door.method != "GET" and _refused(answer)), answer.text
        assert str(clinics[1].site.organisation) not in answer.text
    assert theirs() == before


def _refused(answer: httpx2.Response) -> bool:
    return answer.status_code in {400, 409, 412, 422, 428}


def _mixed(ours: dict[str, str], other: dict[str, str]) -> Iterator[dict[str, str]]:
    yield other
    differ = [name for name in ours if ours[name] != other[name]]
    if len(differ) > 1:
        yield from ({**ours, name: other[name]} for name in differ)


BODIES: Final = [door for door in GUARDED if str(UUID(int=7)) in str(door.body(UUID(int=7)))]


@pytest.mark.parametrize("door", BODIES, ids=str)
def test_no_id_in_a_body_reaches_another_organisation(
    console: Console,
    clinics: tuple[Clinic, Clinic],
    theirs: Callable[[], dict[str, str]],
    door: Door,
) -> None:
    assert door.rights is not None
    role = next(role for role in Role if door.rights & RIGHTS[role])
    before = theirs()
    for name in NAMED:
        names, id_ = named(door, clinics[0], role), clinics[1].ids[name]
        answer = knock(console.client(role), door, names, id_)
        assert answer.status_code < 500
        assert answer.status_code >= 400, (name, answer.text)
    assert theirs() == before


def test_every_right_opens_something() -> None:
    opened = frozenset[Right]().union(*(door.rights or () for door in GUARDED))
    assert set(Right) - opened == set()
