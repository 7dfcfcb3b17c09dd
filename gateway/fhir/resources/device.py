"""Device: what measures, and the hub through which it speaks (PHD and PHG, in HL7's words)."""

from typing import Final

from device_profiles.registry import PROFILES
from gateway.access.rights import Right
from gateway.fhir.kinds import KINDS
from gateway.fhir.params import Custom, Identifier, Reference, Token, split
from gateway.fhir.phd import eui48
from gateway.fhir.resource import (
    NOTHING,
    Built,
    Include,
    Key,
    Resource,
    Row,
    Sql,
    as_uuid,
    base,
    of_uuid,
    refer,
    reference,
)
from gateway.fhir.systems import (
    BLUETOOTH,
    CONTINUA_ID,
    DEVICE_STATUS,
    MDC,
    PHD,
    URI,
    concept,
    uri_of,
)
from gateway.storage.closed import CLOSED
from gateway.storage.patients import like

PHD_TYPE, PHG_TYPE = "65573", "531981"
STATUSES: Final = {"active": ["active"], "inactive": ["inactive"]}


OF_PATIENT: Final = f"""(EXISTS (SELECT FROM patient p WHERE p.id = %s AND NOT {CLOSED}
    AND (p.id = x.patient_id OR EXISTS (SELECT FROM assignment a
        WHERE a.device_id = x.id AND a.patient_id = p.id AND upper_inf(a.valid)))))"""  # noqa: S608


def build(row: Row) -> Built:
    """Return a Device. Whose it is is told where that is one patient, whose record is open."""
    made = base(
        row, "Device", f"{PHD}StructureDefinition/{'PhdDevice' if row['profile'] else 'PhgDevice'}"
    )
    made["identifier"] = [uri_of(row["id"])]
    made["status"] = row["status"]
    if row["profile"]:
        made |= _measuring(row, made)
    else:
        made["deviceName"] = [{"name": row["name"], "type": "user-friendly-name"}]
        made["type"] = concept(MDC, PHG_TYPE, "Personal health gateway")
    if row["version"]:
        software = concept(MDC, "531975", "Software revision")
        made["version"] = [{"type": software, "value": row["version"]}]
    if row["patient"]:
        made["patient"] = reference("Patient", row["patient"])
    return made


def _measuring(row: Row, made: Built) -> Built:
    profile = PROFILES.get(row["profile"])
    more: Built = {"type": concept(MDC, PHD_TYPE, "Personal health device")}
    if address := eui48(row["address"]):
        told = {"type": concept(CONTINUA_ID, "BTMAC"), "system": BLUETOOTH, "value": address}
        more["identifier"] = [*made["identifier"], told]
    if profile is None:
        return more
    name = profile.name
    more["deviceName"] = [{"name": name, "type": "model-name"}]
    if profile.about.maker:
        more["manufacturer"] = profile.about.maker
    if kind := KINDS.get(name):
        more["specialization"] = [{"systemType": concept(MDC, kind.specialization, name)}]
    return more


def _type(value: str) -> Sql:
    system, code = split(value)
    if system not in (None, MDC):
        return NOTHING
    return "%s = CASE WHEN x.profile IS NULL THEN '531981' ELSE '65573' END", [code]


def _address(value: str) -> Sql:
    return "replace(upper(x.address), ':', '-') = %s", [value.upper()]


def _name(value: str) -> Sql:
    """Find hubs by their names, and devices by those of their models."""
    begins = value.casefold()
    models = [key for key, one in PROFILES.items() if one.name.casefold().startswith(begins)]
    return "(lower(x.name) LIKE %s || '%%' OR x.profile = ANY(%s))", [like(value), models]


def _of_patient(id_: str) -> Sql:
    """Find what is a patient's now, unless their record is closed to who asks."""
    found = as_uuid(id_)
    if found is None:
        return NOTHING
    return OF_PATIENT, [found]


# A device of a restricted patient stays to be seen, as in lists of devices: it is not told whose.
WHOSE: Final = f"""(SELECT p.id FROM patient p
    WHERE p.id = x.patient_id AND NOT p.synthetic AND NOT {CLOSED})"""  # noqa: S608 - constants only
DEVICES: Final = """(
    SELECT d.id, d.touched_at, d.address, d.profile, NULL AS name, NULL AS version,
        CASE WHEN EXISTS (SELECT FROM pairing g WHERE g.device_id = d.id AND upper_inf(g.valid))
            THEN 'active' ELSE 'inactive' END AS status,
        (SELECT CASE WHEN count(DISTINCT a.patient_id) = 1 THEN min(a.patient_id::text)::uuid END
         FROM assignment a WHERE a.device_id = d.id AND upper_inf(a.valid)) AS patient_id
    FROM device d WHERE NOT EXISTS (SELECT FROM assignment a JOIN patient p ON p.id = a.patient_id
        WHERE a.device_id = d.id AND p.synthetic)
    UNION ALL
    SELECT h.id, h.touched_at, NULL, NULL, h.name, s.body ->> 'version',
        CASE WHEN h.state = 'active' THEN 'active' ELSE 'inactive' END, h.patient_id
    FROM hub h LEFT JOIN hub_status s ON s.hub_id = h.id WHERE NOT h.synthetic) x"""
RESOURCE: Final = Resource(
    type="Device",
    rights=frozenset({Right.DEVICES_READ}),
    named="device",
    columns="x.id, x.address, x.profile, x.name, x.version, x.status",
    source=DEVICES,
    where="true",
    hidden="false",
    patient=WHOSE,
    build=build,
    by_id=of_uuid("x.id"),
    keys=(Key("x.id", "uuid"),),
    updated="x.touched_at",
    params={
        "identifier": Identifier(
            {
                URI: lambda value: of_uuid("x.id")(value.removeprefix("urn:uuid:")),
                BLUETOOTH: _address,
            }
        ),
        "patient": Reference({"Patient": _of_patient}),
        "status": Token("x.status", STATUSES, DEVICE_STATUS),
        "type": Custom("token", _type, "MDC: 65573 measures, 531981 is a gateway"),
        "device-name": Custom("string", _name, "The beginning of a name"),
    },
    includes={"patient": Include(frozenset({"Patient"}), refer("patient"))},
    profiles=(f"{PHD}StructureDefinition/PhdDevice", f"{PHD}StructureDefinition/PhgDevice"),
)
