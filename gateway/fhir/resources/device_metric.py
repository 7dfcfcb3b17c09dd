"""DeviceMetric: what a device can measure, by its kind."""

import re
from typing import Final

from device_profiles.registry import PROFILES
from gateway.access.rights import Right
from gateway.fhir.kinds import KINDS
from gateway.fhir.measures import code
from gateway.fhir.params import Custom, Reference, Token, split, to
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
    refer,
    reference,
)
from gateway.fhir.resources.device import DEVICES, WHOSE
from gateway.fhir.systems import MDC, METRIC_CATEGORY, PHD

ID: Final = re.compile(r"([0-9a-f-]{36})-(\d{1,9})")
# Profiles are files of ours: their keys and the codes are no one else's words.
_PAIRS: Final = ", ".join(
    f"('{key}', {mdc})"
    for key, profile in PROFILES.items()
    for mdc in (KINDS[profile.name].measures if profile.name in KINDS else ())
)


def build(row: Row) -> Built:
    """Return a DeviceMetric."""
    return base(row, "DeviceMetric", f"{PHD}StructureDefinition/PhdDeviceMetric") | {
        "type": code(row["mdc"], ""),
        "source": reference("Device", row["device"]),
        "category": "measurement",
    }


def _by_id(id_: str) -> Sql:
    found = ID.fullmatch(id_)
    device = as_uuid(found[1]) if found else None
    if found is None or device is None:
        return NOTHING
    return "(x.id = %s AND m.mdc = %s)", [device, int(found[2])]


def _type(value: str) -> Sql:
    system, wanted = split(value)
    if system not in (None, MDC):
        return NOTHING
    return "m.mdc::text = %s", [wanted]


RESOURCE: Final = Resource(
    type="DeviceMetric",
    rights=frozenset({Right.DEVICES_READ}),
    named="metric",
    columns="x.id::text || '-' || m.mdc AS id, x.id AS device, m.mdc",
    source=f"{DEVICES} JOIN (VALUES {_PAIRS}) AS m(profile, mdc) ON m.profile = x.profile",
    where="true",
    hidden="false",
    patient=WHOSE,
    build=build,
    by_id=_by_id,
    keys=(Key("x.id", "uuid"), Key("m.mdc", "int")),
    updated="x.touched_at",
    params={
        "source": Reference({"Device": to("x.id")}),
        "type": Custom("token", _type, "MDC"),
        "category": Token("true", {"measurement": [True]}, METRIC_CATEGORY),
    },
    includes={"source": Include(frozenset({"Device"}), refer("source"))},
    profiles=(f"{PHD}StructureDefinition/PhdDeviceMetric",),
)
