"""Observation: what was measured, and what the device's clock said when it was told (HL7 PHD).

A reading is several: its id and the MDC code of what was measured are the id of one. Octets,
control solutions and demonstrations are not told here.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.access.rights import Right
from gateway.fhir.measures import (
    COINCIDENT,
    PANEL,
    PRESSURES,
    VITALS,
    categories,
    code,
    kinds_of,
    sought,
    us_core,
)
from gateway.fhir.params import Custom, Date, Identifier, Reference, Token, split
from gateway.fhir.phd import absent, by_identifier, coincident, identifiers
from gateway.fhir.resource import (
    NOTHING,
    Built,
    Include,
    Key,
    Narrowed,
    Resource,
    Row,
    Sql,
    as_uuid,
    base,
    refer,
    reference,
)
from gateway.fhir.systems import (
    CATEGORY,
    GATEWAY_DEVICE,
    MDC,
    MEASUREMENT_STATUS,
    OBSERVATION_STATUS,
    PHD_CATEGORY,
    PHD_COINCIDENT,
    PHD_COMPOUND,
    PHD_IDENTIFIER,
    PHD_NUMERIC,
    TIME_BASIS,
    UCUM,
    concept,
)
from gateway.fhir.systems import COINCIDENT as COINCIDENT_REFERENCE

ID: Final = re.compile(r"([0-9a-f-]{36})-(\d{1,10})")
ABSENCES: Final = {
    "NaN": "not-a-number",
    "NRes": "unsupported",
    "+INF": "positive-infinity",
    "-INF": "negative-infinity",
    "HI": "positive-infinity",
    "LO": "negative-infinity",
    "RFU": "unknown",
    "sentinel": "error",
}


def build(row: Row) -> Built:
    """Return an Observation."""
    if row["part"] == COINCIDENT:
        return _clock(row)
    units = [value["u"] for value in row["values"]]
    panel = row["part"] == PANEL
    profiles = [*us_core(row["part"], units), PHD_COMPOUND if panel else PHD_NUMERIC]
    made = base(row, "Observation", *profiles)
    made["extension"] = _extensions(row)
    if told := identifiers(row["address"], row["patient"], row["part"], row["device_time"]):
        made["identifier"] = told
    made["status"] = "final"
    made["category"] = categories(row["part"])
    made["code"] = code(row["part"], units[0])
    made["subject"] = reference("Patient", row["patient"])
    made["effectiveDateTime"] = row["measured_at"].astimezone(ZoneInfo(row["timezone"])).isoformat()
    made["device"] = reference("Device", row["device_id"])
    if row["validity"] == "questionable":
        made["interpretation"] = [concept(MEASUREMENT_STATUS, "questionable")]
    if panel:
        made["component"] = [_component(value, row["validity"]) for value in row["values"]]
        return made
    return made | _value(row["values"][0], row["validity"])


def _extensions(row: Row) -> list[Built]:
    found = [
        {"url": GATEWAY_DEVICE, "valueReference": reference("Device", row["hub_id"])},
        {"url": TIME_BASIS, "valueCode": row["basis"]},
    ]
    if row["clock"]:
        clock = reference("Observation", f"{row['reading']}-{COINCIDENT}")
        found.append({"url": COINCIDENT_REFERENCE, "valueReference": clock})
    return found


def _component(value: Mapping[str, Any], validity: str) -> Built:
    return {"code": code(value["mdc"], value["u"]), **_value(value, validity)}


def _value(value: Mapping[str, Any], validity: str) -> Built:
    """Return the number as it was received, or why there is none that may be used."""
    if validity == "invalid":
        return {"dataAbsentReason": absent("error")}
    if value["n"] is None:
        return {"dataAbsentReason": absent(ABSENCES.get(value["a"], "unknown"))}
    unit = value["u"]
    number = Decimal(value["n"])
    return {"valueQuantity": {"value": number, "unit": unit, "system": UCUM, "code": unit}}


def _clock(row: Row) -> Built:
    """Return what the device's clock said, of the connection in which a reading came."""
    made = base(row, "Observation", PHD_COINCIDENT) | {
        "status": "final",
        "code": code(COINCIDENT, ""),
        "subject": reference("Device", row["device_id"]),
        "device": reference("Device", row["hub_id"]),
    }
    none = concept(MDC, "532224", "None")
    made["component"] = [{"code": concept(MDC, "68220"), "valueCodeableConcept": none}]
    return made | coincident(row["clock"], ZoneInfo(row["timezone"]))


def _by_id(id_: str) -> Sql:
    found = ID.fullmatch(id_)
    reading = as_uuid(found[1]) if found else None
    if found is None or reading is None or int(found[2]) > 2**31 - 1:
        return NOTHING
    # `identity` knows the month in which the reading lies.
    sql = "r.measured_at = (SELECT i.measured_at FROM identity i WHERE i.reading_id = %s)"
    whole: Sql = (f"(r.id = %s AND {sql})", [reading, reading])
    part: Sql = (f"({whole[0]} AND o.part = %s)", [*whole[1], int(found[2])])
    return Narrowed.of(part, whole)


def _of_patient(id_: str) -> Sql:
    found = as_uuid(id_)
    if found is None:
        return NOTHING
    whole: Sql = (f"(r.patient_id = %s AND o.part <> {COINCIDENT})", [found])
    return Narrowed.of(whole, ("r.patient_id = %s", [found]))


def _of_device(id_: str) -> Sql:
    found = as_uuid(id_)
    if found is None:
        return NOTHING
    whole: Sql = (f"(r.device_id = %s AND o.part = {COINCIDENT})", [found])
    return Narrowed.of(whole, ("r.device_id = %s", [found]))


def _by_device(id_: str) -> Sql:
    found = as_uuid(id_)
    if found is None:
        return NOTHING
    sql = f"(CASE WHEN o.part = {COINCIDENT} THEN r.hub_id ELSE r.device_id END = %s)"
    whole: Sql = ("(r.hub_id = %s OR r.device_id = %s)", [found, found])
    return Narrowed.of((sql, [found]), whole)


def _code(value: str) -> Sql:
    mdcs, units = sought(*split(value))
    if not mdcs:
        return NOTHING
    sql = """EXISTS (SELECT FROM unnest(%s::int[], %s::text[]) AS w(mdc, unit)
        WHERE w.mdc = o.part AND w.unit IN ('', o.unit))"""
    kinds = kinds_of(mdcs)
    whole: Sql = ("r.kind = ANY(%s)", [kinds]) if kinds else ("true", [])
    return Narrowed.of((sql, [mdcs, units]), whole)


def _category(value: str) -> Sql:
    system, wanted = split(value)
    if wanted == "vital-signs" and system in (None, CATEGORY):
        return "o.part = ANY(%s)", [sorted(VITALS)]
    if wanted == "phd" and system in (None, PHD_CATEGORY):
        return f"o.part <> {COINCIDENT}", []
    return NOTHING


_PANEL: Final = f"ARRAY[{', '.join(map(str, sorted(PRESSURES)))}]"
_MEASURED: Final = Key("r.measured_at", "timestamptz")
RESOURCE: Final = Resource(
    type="Observation",
    rights=frozenset({Right.READINGS_READ}),
    named="observation",
    columns="""r.id::text || '-' || o.part AS id, r.id::text AS reading,
        r.device_id::text AS device_id, r.hub_id::text AS hub_id,
        r.measured_at, r.device_time, r.basis, r.validity, d.address, h.timezone,
        o.part, o.values, nullif(r.body #> '{arrival,clock}', 'null') AS clock""",
    source=f"""reading r JOIN patient p ON p.id = r.patient_id
        JOIN device d ON d.id = r.device_id JOIN hub h ON h.id = r.hub_id
        CROSS JOIN LATERAL (
            SELECT CASE WHEN v.mdc = ANY({_PANEL}) THEN {PANEL} ELSE v.mdc END AS part,
                min(v.unit) AS unit, jsonb_agg(jsonb_build_object('mdc', v.mdc,
                    'n', v.number::text, 'u', v.unit, 'a', v.absent) ORDER BY v.ordinal) AS values
            FROM reading_value v
            WHERE v.reading_id = r.id AND v.measured_at = r.measured_at GROUP BY 1
            UNION ALL SELECT {COINCIDENT}, '', NULL
            WHERE r.body #>> '{{arrival,clock}}' IS NOT NULL) o""",  # noqa: S608 - constants only
    whole="reading r",
    picked="""(SELECT r.* FROM identity i
        JOIN reading r ON r.id = i.reading_id AND r.measured_at = i.measured_at
        WHERE i.reading_id = ANY(%(picked)s) OFFSET 0) r""",
    where="NOT p.synthetic AND r.validity NOT IN ('control', 'test')",
    build=build,
    by_id=_by_id,
    keys=(Key("r.stored_at", "timestamptz"), Key("r.id", "uuid"), Key("o.part", "int")),
    updated="r.stored_at",
    params={
        "identifier": Identifier({PHD_IDENTIFIER: by_identifier}, "The PHD identifier"),
        "patient": Reference({"Patient": _of_patient}),
        "subject": Reference({"Patient": _of_patient, "Device": _of_device}),
        "device": Reference({"Device": _by_device}),
        "code": Custom("token", _code, "LOINC or MDC, of the whole: not of components"),
        "category": Custom("token", _category, "vital-signs or phd"),
        "date": Date("r.measured_at", "When it was measured, corrected"),
        "status": Token("true", {"final": [True]}, OBSERVATION_STATUS),
    },
    includes={
        "patient": Include(frozenset({"Patient"}), refer("subject")),
        "subject": Include(frozenset({"Patient", "Device"}), refer("subject")),
        "device": Include(frozenset({"Device"}), refer("device")),
        "gateway": Include(frozenset({"Device"}), refer("extension", "valueReference")),
        "coincident": Include(frozenset({"Observation"}), refer("extension", "valueReference")),
    },
    sorts={"date": _MEASURED},
    profiles=(PHD_NUMERIC, PHD_COMPOUND, PHD_COINCIDENT),
)
