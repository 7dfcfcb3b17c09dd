"""The readings that an alert or a task rests on, as references to Observations."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.fhir.measures import PANEL, PRESSURES
from gateway.fhir.resource import reference

# FHIR bounds no list. Who reads it wants to know what it is about; all of it is with the alert.
MOST: Final = 20

_ROWS: Final = """
(SELECT jsonb_agg(jsonb_build_object('id', e.reading_id, 'mdc',
    (SELECT v.mdc FROM reading_value v
     WHERE v.reading_id = e.reading_id AND v.measured_at = e.measured_at
     ORDER BY v.ordinal LIMIT 1)) ORDER BY e.measured_at DESC, e.reading_id)
 FROM (SELECT DISTINCT x.reading_id, x.measured_at FROM alert_reading x WHERE {}
       ORDER BY x.measured_at DESC, x.reading_id LIMIT {}) e) AS evidence"""


def evidence(which: str) -> str:
    """Return the column `evidence` of the newest readings for which this holds of `x`."""
    return _ROWS.format(which, MOST)


def observations(rows: "list[Mapping[str, Any]] | None") -> list[dict[str, str]]:
    """Return references to what was measured first in each reading: of a cuff, the panel."""
    return [reference("Observation", f"{one['id']}-{_part(one['mdc'])}") for one in rows or ()]


def _part(mdc: int) -> int:
    return PANEL if mdc in PRESSURES else mdc
