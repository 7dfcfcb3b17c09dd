"""Verifies the audit: each chain against itself, its head and the checkpoints; and these."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from psycopg import IsolationLevel

from gateway.audit import stores
from gateway.audit.chain import Entry
from gateway.audit.collected import Collected
from gateway.audit.entries import chains
from gateway.audit.findings import Chain, examine
from gateway.identity.audit_key import read_audit_public
from gateway.settings import Settings
from gateway.storage.database import Connection, Database

NAMES: Final = "SELECT id, name FROM organisation ORDER BY name, id"
HEADS: Final = "SELECT organisation_id, seq, hash FROM audit_head"
GUARDS: Final = """
SELECT tgrelid::regclass::text AS guarded, tgname AS guard FROM pg_trigger
WHERE tgenabled IN ('O', 'A')"""
WAITING: Final = "SELECT count(*) AS count FROM audit_waiting"
NEEDED: Final = (
    ("audit", "audit_is_kept"),
    ("audit", "audit_is_not_emptied"),
    ("audit_checkpoint", "audit_is_kept"),
    ("audit_checkpoint", "audit_is_not_emptied"),
    ("audit_waiting", "audit_chain"),
)


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be said of one organisation."""

    id: UUID
    name: str
    chain: Chain


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a site."""

    organisations: tuple[Told, ...]
    checkpoints: int
    problems: tuple[str, ...]
    """Of the checkpoints, and of what guards the tables."""

    @property
    def whole(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.problems and not any(one.chain.findings for one in self.organisations)


def verify(settings: Settings, database: Database) -> Verdict:
    """Read it all, as it is at one moment, and look."""
    collected = Collected(read_audit_public(settings.keys))
    with database.connect(autocommit=True) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        with stores.alone(connection), connection.transaction():
            # The first query fixes what is seen of the database; files do not grow meanwhile.
            collected.add("database", stores.in_database(connection))
            for file in stores.files(settings):
                try:
                    collected.add(str(file.path), file.lines())
                except OSError as error:
                    collected.problems.append(f"{file.path}: cannot be read: {error.strerror}")
            collected.compare()
            problems = [*collected.problems, *_guards(connection)]
            told = tuple(_organisations(connection, collected))
    return Verdict(told, len(collected.by_number), tuple(problems))


def _organisations(connection: Connection, collected: Collected) -> Iterator[Told]:
    names = {row["id"]: row["name"] for row in connection.execute(NAMES).fetchall()}
    heads = {
        row["organisation_id"]: (row["seq"], bytes(row["hash"]))
        for row in connection.execute(HEADS).fetchall()
    }
    seals = collected.seals()
    found = {
        organisation: examine(entries, heads.get(organisation), seals.get(organisation, {}))
        for organisation, entries in chains(connection)
    }
    for organisation in dict.fromkeys([*names, *found, *heads, *seals]):
        nothing: tuple[Entry, ...] = ()
        chain = found.get(organisation) or examine(
            nothing, heads.get(organisation), seals.get(organisation, {})
        )
        yield Told(organisation, names.get(organisation, str(organisation)), chain)


def _guards(connection: Connection) -> Iterator[str]:
    rows = connection.execute(GUARDS).fetchall()
    there = {(row["guarded"], row["guard"]) for row in rows}
    for table, guard in NEEDED:
        if (table, guard) not in there:
            yield f"database: the guard {guard} of table {table} is off"
    waiting = connection.execute(WAITING).fetchone()
    if waiting and waiting["count"]:
        yield f"database: {waiting['count']} entries were never chained"
