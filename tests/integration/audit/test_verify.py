"""Whatever the owner of the database does to the audit, with its guards off, `verify` says so."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from gateway.audit.append import append
from gateway.audit.seal import EVERY, Seal
from gateway.audit.stores import FILE
from gateway.audit.verify import Verdict, verify
from gateway.identity.files import make_site_keys
from gateway.settings import Settings
from gateway.storage import homes
from gateway.storage.as_app import as_app
from gateway.storage.database import Connection, Database
from tests.integration.audit.test_append import somebody

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ENTRIES = 12
SEALED = 10


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("site")
    make_site_keys(home / "keys", ["localhost"], datetime.now(UTC))
    return home / "keys"


@pytest.fixture
def settings(tmp_path: Path, keys: Path, shared: Database) -> Iterator[Settings]:
    """Give a site of which the audit is empty; what a test did to it is undone."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home/keys").symlink_to(keys)
    yield Settings(
        home=tmp_path / "home", database_url=shared.url, audit_checkpoints=tmp_path / "elsewhere"
    )
    with as_owner(shared) as connection:
        connection.execute("TRUNCATE audit, audit_head, audit_checkpoint, audit_waiting")


@contextmanager
def as_owner(database: Database) -> Iterator[Connection]:
    """Work on the tables with their guards off; who does it cleverly puts them on again."""
    with database.transaction() as connection:
        for table in ("audit", "audit_checkpoint", "audit_waiting"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        yield connection
        for table in ("audit", "audit_checkpoint", "audit_waiting"):
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")


def write(database: Database, organisation: UUID, count: int) -> None:
    who = somebody(organisation)
    with database.transaction() as connection:
        as_app(connection, organisation)
        for number in range(count):
            append(
                connection,
                who,
                "task.accept",
                at=AT + timedelta(minutes=number),
                patient=uuid4(),
                subject=("task", str(uuid4())),
                detail={"number": number},
            )


def seal(settings: Settings, database: Database, at: datetime = AT) -> None:
    with database.connect(autocommit=True) as connection:
        Seal(settings).look(connection, at)


@pytest.fixture
def site(settings: Settings, shared: Database, organisation: UUID) -> Settings:
    """Give a site with entries 1 to 12, of which the first 10 are sealed, in two checkpoints."""
    write(shared, organisation, 5)
    seal(settings, shared)
    write(shared, organisation, SEALED - 5)
    seal(settings, shared, AT + EVERY)
    write(shared, organisation, ENTRIES - SEALED)
    return settings


def sentences(verdict: Verdict, organisation: UUID) -> list[str]:
    (told,) = [one for one in verdict.organisations if one.id == organisation]
    return [finding.sentence() for finding in told.chain.findings]


def test_what_nobody_touched_is_whole(site: Settings, shared: Database, organisation: UUID) -> None:
    verdict = verify(site, shared)
    assert verdict.whole
    assert verdict.checkpoints == 2
    (told,) = [one for one in verdict.organisations if one.id == organisation]
    assert (told.chain.entries, told.chain.sealed) == (ENTRIES, SEALED)


COLUMNS = {
    "organisation_id": "gen_random_uuid()",
    "seq": "seq + 1000",
    "version": "2",
    "recorded_at": "recorded_at - interval '1 microsecond'",
    "at": "at - interval '1 day'",
    "actor_kind": "'program'",
    "actor_id": "NULL",
    "actor": "'Somebody else'",
    "roles": "roles || ' auditor'",
    "session_id": "gen_random_uuid()",
    "action": "'task.list'",
    "patients": "'{}'",
    "subject_kind": "'hub'",
    "subject_id": "'x'",
    "detail": "'{}'",
    "hash": "sha256(hash)",
}


def test_the_columns_are_all_of_them(shared: Database) -> None:
    with shared.transaction() as connection:
        rows = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'audit'"
        ).fetchall()
    assert {row["column_name"] for row in rows} == COLUMNS.keys()


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("seq", [1, 6, ENTRIES])
def test_an_edit_of_any_column_is_found(
    site: Settings, shared: Database, organisation: UUID, column: str, seq: int
) -> None:
    with as_owner(shared) as connection:
        connection.execute(
            f"UPDATE audit SET {column} = {COLUMNS[column]}"  # noqa: S608
            " WHERE organisation_id = %s AND seq = %s",
            [organisation, seq],
        )
    verdict = verify(site, shared)
    assert not verdict.whole
    what = "deleted" if column in ("organisation_id", "seq") else "changed"
    named = re.compile(rf"entr(y|ies) {seq} (to \d+ )?w(as|ere) {what}")
    assert any(map(named.match, sentences(verdict, organisation)))


@pytest.mark.parametrize(
    ("moment", "value"), [("infinity", "'infinity'"), ("BC", "at - interval '4050 years'")]
)
def test_a_moment_that_programs_cannot_read_is_found(
    site: Settings, shared: Database, organisation: UUID, moment: str, value: str
) -> None:
    assert moment
    with as_owner(shared) as connection:
        connection.execute(
            f"UPDATE audit SET at = {value} WHERE organisation_id = %s AND seq = 3",  # noqa: S608
            [organisation],
        )
    assert sentences(verify(site, shared), organisation) == ["entry 3 was changed"]


@pytest.mark.parametrize("seq", range(1, ENTRIES + 1))
def test_any_deleted_entry_is_found(
    site: Settings, shared: Database, organisation: UUID, seq: int
) -> None:
    with as_owner(shared) as connection:
        connection.execute(
            "DELETE FROM audit WHERE organisation_id = %s AND seq = %s", [organisation, seq]
        )
    (sentence,) = sentences(verify(site, shared), organisation)
    assert sentence.startswith(f"entry {seq} was deleted")


@pytest.mark.parametrize(("a", "b"), [(1, 2), (3, 9), (11, 12)])
def test_entries_that_change_places_are_found(
    site: Settings, shared: Database, organisation: UUID, a: int, b: int
) -> None:
    with as_owner(shared) as connection:
        for old, new in ((a, 1000), (b, a), (1000, b)):
            connection.execute(
                "UPDATE audit SET seq = %s WHERE organisation_id = %s AND seq = %s",
                [new, organisation, old],
            )
    assert sentences(verify(site, shared), organisation) == [
        f"entry {a} was reordered: what stands there was {b}",
        f"entry {b} was reordered: what stands there was {a}",
    ]


RECHAIN = """
DO $$
DECLARE
    e audit;
    before bytea := decode(repeat('00', 32), 'hex');
BEGIN
    FOR e IN SELECT * FROM audit WHERE organisation_id = '{organisation}' ORDER BY seq LOOP
        before := sha256(before || convert_to(audit_text(e), 'UTF8'));
        UPDATE audit SET hash = before
        WHERE organisation_id = e.organisation_id AND seq = e.seq;
        UPDATE audit_head SET seq = e.seq, hash = before
        WHERE organisation_id = e.organisation_id;
    END LOOP;
END $$"""


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE audit SET actor = 'X' WHERE organisation_id = %s AND seq = 7",
        "UPDATE audit SET patients = '{}' WHERE organisation_id = %s",
        "DELETE FROM audit WHERE organisation_id = %s AND seq > 8",
        "DELETE FROM audit WHERE organisation_id = %s",
        "UPDATE audit SET seq = seq + 100 WHERE organisation_id = %s AND seq = 12",
    ],
)
def test_a_chain_computed_anew_after_an_edit_contradicts_the_checkpoints(
    site: Settings, shared: Database, organisation: UUID, edit: str
) -> None:
    with as_owner(shared) as connection:
        connection.execute(edit.encode(), [organisation])
        connection.execute("DELETE FROM audit_head WHERE organisation_id = %s", [organisation])
        connection.execute(
            "INSERT INTO audit_head SELECT organisation_id, seq, hash FROM audit"
            " WHERE organisation_id = %s ORDER BY seq DESC LIMIT 1",
            [organisation],
        )
        connection.execute(RECHAIN.format(organisation=organisation).encode())
    assert sentences(verify(site, shared), organisation)


def test_a_truncated_tail_stays_found_when_work_and_sealing_go_on(
    site: Settings, shared: Database, organisation: UUID
) -> None:
    with as_owner(shared) as connection:
        connection.execute(
            "DELETE FROM audit WHERE organisation_id = %s AND seq > 8", [organisation]
        )
        connection.execute(
            "UPDATE audit_head h SET (seq, hash) = (SELECT seq, hash FROM audit a"
            " WHERE a.organisation_id = h.organisation_id AND seq = 8) WHERE organisation_id = %s",
            [organisation],
        )
    assert sentences(verify(site, shared), organisation) == [
        "entries 9 to 10 were deleted at the end"
    ]
    write(shared, organisation, 4)
    seal(site, shared, AT + 2 * EVERY)
    (sentence,) = sentences(verify(site, shared), organisation)
    assert sentence.startswith("entries 6 to 10 were written anew: checkpoint 2 of")


def test_an_emptied_table_is_found(site: Settings, shared: Database, organisation: UUID) -> None:
    with as_owner(shared) as connection:
        connection.execute("TRUNCATE audit, audit_head, audit_checkpoint")
    verdict = verify(site, shared)
    assert sentences(verdict, organisation) == ["entries 1 to 10 were deleted: nothing is left"]
    assert verdict.problems == ("database: 1 to 2 are missing",)


def test_an_entry_inserted_behind_the_back_of_the_chain_is_found(
    site: Settings, shared: Database, organisation: UUID
) -> None:
    with as_owner(shared) as connection:
        connection.execute(
            "INSERT INTO audit SELECT (jsonb_populate_record(a, '{\"seq\": 13}')).* FROM audit a"
            " WHERE organisation_id = %s AND seq = 12",
            [organisation],
        )
    assert "entry 13 was changed" in sentences(verify(site, shared), organisation)


def test_an_entry_of_another_organisation_is_found_in_both(
    site: Settings, shared: Database, organisation: UUID
) -> None:
    with shared.transaction() as connection:
        other = homes.add_organisation(connection, "Other")
    write(shared, other, 3)
    with as_owner(shared) as connection:
        connection.execute(
            "UPDATE audit SET organisation_id = %s, seq = 4 WHERE organisation_id = %s AND seq = 4",
            [other, organisation],
        )
    verdict = verify(site, shared)
    assert sentences(verdict, organisation) == ["entry 4 was deleted"]
    assert sentences(verdict, other)[0].startswith("entry 4 was ")


@pytest.mark.usefixtures("organisation")
def test_guards_that_are_off_are_told(site: Settings, shared: Database) -> None:
    with shared.transaction() as connection:
        connection.execute("ALTER TABLE audit DISABLE TRIGGER audit_is_kept")
        connection.execute("ALTER TABLE audit_waiting DISABLE TRIGGER audit_chain")
    write(shared, uuid4(), 1)
    try:
        problems = verify(site, shared).problems
    finally:
        with shared.transaction() as connection:
            connection.execute("ALTER TABLE audit ENABLE TRIGGER audit_is_kept")
            connection.execute("ALTER TABLE audit_waiting ENABLE TRIGGER audit_chain")
    assert problems == (
        "database: the guard audit_is_kept of table audit is off",
        "database: the guard audit_chain of table audit_waiting is off",
        "database: 1 entries were never chained",
    )


def checkpoint_files(settings: Settings) -> list[Path]:
    assert settings.audit_checkpoints
    return [settings.audit_folder / FILE, settings.audit_checkpoints / FILE]


@pytest.mark.usefixtures("organisation")
@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda lines: lines[:1], "checkpoint 2 is missing"),
        (lambda lines: lines[1:], "checkpoint 1 is missing"),
        (lambda _: [], "1 to 2 are missing"),
        (lambda lines: [lines[0].replace("2026", "2025"), lines[1]], "line 1 was changed"),
        (lambda lines: [lines[0][:-2] + "ff", lines[1]], "line 1 was changed"),
        (lambda lines: [lines[0], lines[1], lines[1]], "checkpoint 2 is there twice"),
        (lambda lines: [lines[0], "rubbish", lines[1]], "line 2 was changed"),
    ],
)
def test_edited_and_deleted_checkpoints_are_found(
    site: Settings, shared: Database, which: int, edit: object, expected: str
) -> None:
    assert callable(edit)
    path = checkpoint_files(site)[which]
    path.write_text("".join(line + "\n" for line in edit(path.read_text().splitlines())))
    problems = verify(site, shared).problems
    assert any(one.startswith(f"{path}: {expected}") for one in problems), problems


def test_a_checkpoint_of_another_key_is_nobodys(
    site: Settings, shared: Database, tmp_path: Path
) -> None:
    make_site_keys(tmp_path / "keys", ["localhost"], datetime.now(UTC))
    forger = Settings(home=tmp_path, database_url=shared.url)
    with as_owner(shared) as connection:
        connection.execute("TRUNCATE audit_checkpoint")
    seal(forger, shared)
    assert "database: line 1 was changed: nobody signed it" in verify(site, shared).problems


def test_a_folder_that_comes_later_gets_all_and_one_that_is_away_stops_nothing(
    site: Settings, shared: Database, organisation: UUID, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    away = site.model_copy(update={"audit_checkpoints": tmp_path / "file"})
    write(shared, organisation, 1)
    seal(away, shared, AT + 2 * EVERY)
    later = site.model_copy(update={"audit_checkpoints": tmp_path / "later"})
    write(shared, organisation, 1)
    seal(later, shared, AT + 3 * EVERY)
    assert verify(later, shared).whole
    numbers = [json.loads(line.split(" ")[0])["number"] for line in _lines(tmp_path / "later")]
    assert numbers == [1, 2, 3, 4]


def _lines(folder: Path) -> list[str]:
    return (folder / FILE).read_text().splitlines()


def test_nothing_new_is_no_checkpoint(site: Settings, shared: Database) -> None:
    seal(site, shared, AT + 2 * EVERY)
    seal(site, shared, AT + 3 * EVERY)
    assert verify(site, shared).checkpoints == 3


@pytest.mark.parametrize(
    "deed",
    [
        "UPDATE audit SET actor = 'X' WHERE organisation_id = %s AND seq = 11",
        "DELETE FROM audit WHERE organisation_id = %s AND seq = 11",
        "DELETE FROM audit WHERE organisation_id = %s AND seq > 3",
        "DELETE FROM audit WHERE organisation_id = %s",
    ],
)
def test_the_worker_tells_when_it_seals(
    site: Settings, shared: Database, organisation: UUID, deed: str
) -> None:
    with as_owner(shared) as connection:
        connection.execute(deed.encode(), [organisation])
    with capture_logs() as logs:
        seal(site, shared, AT + 2 * EVERY)
    broken = [line["organisation"] for line in logs if line["event"] == "audit_broken"]
    assert broken == [str(organisation)]


def test_without_its_key_the_worker_goes_on_and_says_so(shared: Database, tmp_path: Path) -> None:
    with capture_logs() as logs:
        seal(Settings(home=tmp_path, database_url=shared.url), shared)
    assert [line["event"] for line in logs] == ["audit_not_sealed"]


def test_a_lost_key_is_made_anew_and_what_it_signed_stays_good(
    site: Settings, shared: Database, organisation: UUID
) -> None:
    keys = site.keys.resolve()
    (keys / "audit.key").unlink()
    make_site_keys(keys, ["localhost"], datetime.now(UTC))
    write(shared, organisation, 1)
    seal(site, shared, AT + 2 * EVERY)
    verdict = verify(site, shared)
    assert verdict.whole
    assert verdict.checkpoints == 3
    assert len((keys / "audit.pub").read_text().split()) == 2
