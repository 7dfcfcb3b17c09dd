"""The spool's quota: what may be dropped for something new, oldest first.

Only what is ready, routine and a reading; never an alert, never what a session still works on,
never the gaps that tell of earlier drops.
"""

import sqlite3
from typing import Final

from edge_agent.errors import SpoolRefused

# Dropping a few percent at a time keeps the gaps few, each with many rows.
BATCH: Final = 0.05
# A gap's ranges must fit into one envelope of 16,384 octets; a range takes up to 42.
MAX_SPANS: Final = 250

DROPPABLE: Final = """
SELECT seq, length(envelope) FROM envelope
WHERE state = 'ready' AND class = 1 AND kind IN ('raw', 'reading') ORDER BY seq
"""
# Gaps that have not been sent yet are told again by the next one, as long as it fits.
MERGEABLE_GAPS: Final = f"""
kind = 'gap' AND reason = ? AND attempts = 0
AND json_array_length(supersedes) BETWEEN 1 AND {MAX_SPANS // 2}
"""


def choose(db: sqlite3.Connection, quota: int, needed: int) -> list[int]:
    """Return the rows to drop so that `needed` octets fit. Raises SpoolRefused."""
    (octets,) = db.execute("SELECT octets FROM total").fetchone()
    excess = octets + needed - quota
    if excess <= 0:
        return []
    wanted, freed, chosen = excess + int(quota * BATCH), 0, []
    for seq, size in db.execute(DROPPABLE):
        chosen.append(seq)
        freed += size
        if freed >= wanted:
            break
    if freed < excess:
        raise SpoolRefused
    return chosen
