"""What the tests of batches share: a moment, a measurement by hand, a look at rows."""

from datetime import UTC, datetime

from device_profiles.gatt import sig
from device_profiles.reading import Indication
from gateway.storage.database import Database

AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
# 2A35 by hand: flags 02 (time), 120/80, MAP 93 mmHg, 2026-11-20 08:30:00
CONTEXT = Indication(uuid=sig(0x2A34), octets=b"\x01")
RAW = bytes.fromhex("0278005000" + "5d00" + "ea070b14081e00")


def rows(database: Database, query: str) -> list[dict[str, object]]:
    with database.transaction() as connection:
        return connection.execute(query).fetchall()


def count(database: Database, table: str) -> int:
    return len(rows(database, f"SELECT 1 FROM {table}"))  # noqa: S608
