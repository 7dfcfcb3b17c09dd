"""A row of an organisation in every table, marked, so that it is known wherever it turns up."""

import re
from dataclasses import dataclass
from typing import Any, Final
from uuid import NAMESPACE_OID, UUID, uuid5

import psycopg
from psycopg import sql

from gateway.storage.database import Connection, Database

COLUMNS: Final = """
SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type FROM pg_attribute a
WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
ORDER BY a.attnum"""
TABLES: Final = """
SELECT c.oid::regclass::text AS name FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND c.relname NOT LIKE '%yoyo%' ORDER BY 1"""
CHECKS: Final = """
SELECT conrelid::regclass::text AS "table", conname AS name FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype = 'c' AND conparentid = 0"""


@dataclass(frozen=True, slots=True)
class Mark:
    """What an organisation's rows are known by: a word, a number and ids."""

    organisation: UUID
    word: str
    number: int

    @property
    def id(self) -> UUID:
        """Return the id of everything of theirs."""
        return UUID(int=self.number)

    def value(self, kind: str) -> Any:
        """Return a value of a type of PostgreSQL."""
        year = 2000 + self.number % 1000
        return {
            "text": self.word,
            "bytea": self.word.encode(),
            "jsonb": f'{{"{self.word}": "{self.word}"}}',
            "json": f'{{"{self.word}": "{self.word}"}}',
            "text[]": [self.word],
            "uuid": self.id,
            "uuid[]": [self.id],
            "smallint": self.number,
            "integer": self.number,
            "bigint": self.number,
            "numeric": self.number,
            "double precision": self.number,
            "smallint[]": [self.number],
            "integer[]": [self.number],
            "boolean": True,
            "timestamp with time zone": f"{year}-03-03T03:03:03Z",
            "date": f"{year}-03-03",
            "interval": f"{self.number} s",
            "tstzrange": f"[{year}-03-03,{year}-03-04)",
            "int8multirange": f"{{[{self.number},{self.number + 1})}}",
        }[kind]

    def is_in(self, text: str) -> bool:
        """Say whether something of theirs can be read there."""
        signs = (self.word, self.word.encode().hex(), str(self.organisation), str(self.id))
        # By itself: the digits of a moment or of an address may hold it by chance.
        number = re.search(rf"(?<!\d){self.number}(?!\d)", text)
        return number is not None or any(sign in text for sign in signs)


def marked(word: str, number: int) -> Mark:
    """Return a mark of an organisation: always the same, so that tests have the same names."""
    return Mark(uuid5(NAMESPACE_OID, word), word, number)


def tables(connection: Connection) -> list[str]:
    """Return every table of ours."""
    return [row["name"] for row in connection.execute(TABLES).fetchall()]


def crowd(database: Database, *marks: Mark) -> None:
    """Put a row of each into every table. What else is checked there is dropped: rows are signs."""
    with database.transaction() as connection:
        for row in connection.execute(CHECKS).fetchall():
            drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
            names = sql.SQL(row["table"]), sql.Identifier(row["name"])
            connection.execute(drop.format(*names))
        for mark in marks:
            moment = mark.value("timestamp with time zone")
            connection.execute("SELECT series_make_room(ARRAY[%s::timestamptz])", [moment])
        connection.execute("SET LOCAL session_replication_role = replica")
        for table in tables(connection):
            for mark in marks:
                insert(connection, table, mark, mark.organisation)


def insert(connection: Connection, table: str, mark: Mark, organisation: UUID) -> None:
    """Put a row with this mark into a table, for this organisation."""
    columns = connection.execute(COLUMNS, [table]).fetchall()
    row = {column["name"]: mark.value(column["type"]) for column in columns}
    owner = "id" if table == "organisation" else "organisation_id"
    if owner in row:
        row[owner] = organisation
    query = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
        sql.SQL(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() * len(row)),
    )
    try:
        connection.execute(query, list(row.values()))
    except psycopg.errors.UniqueViolation as error:
        raise AssertionError(f"{table}: {error}") from None
