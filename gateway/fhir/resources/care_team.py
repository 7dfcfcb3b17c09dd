"""CareTeam: who cares for a patient. A team of ours has many patients: here each has theirs."""

from typing import Final

from gateway.access.rights import Right
from gateway.fhir.params import Identifier, Reference, Token, to
from gateway.fhir.resource import (
    Built,
    Include,
    Key,
    Resource,
    Row,
    base,
    of_uuid,
    refer,
    reference,
)
from gateway.fhir.systems import CARE_TEAM_STATUS, FUNCTION, PERSON, URI, concept, uri_of


def build(row: Row) -> Built:
    """Return a CareTeam: its id is the patient's."""
    made = base(row, "CareTeam") | {
        "identifier": [uri_of(row["care_team_id"])],
        "status": "active",
        "name": row["team"],
        "subject": reference("Patient", row["patient"]),
        "managingOrganization": [
            {"type": "Organization", "identifier": uri_of(row["organisation_id"])}
        ],
    }
    members = [_member(one) for one in row["members"] or ()]
    return made | ({"participant": members} if members else {})


def _member(one: Row) -> Built:
    return {
        "role": [concept(FUNCTION, one["function"], one["function"])],
        "member": {
            "type": "Practitioner",
            "identifier": {"system": PERSON, "value": one["person"]},
            "display": one["name"],
        },
        "period": {"start": one["since"]},
    }


RESOURCE: Final = Resource(
    type="CareTeam",
    rights=frozenset({Right.PATIENTS_READ}),
    named="patient",
    columns="""p.id, p.organisation_id, p.care_team_id, c.name AS team,
        (SELECT jsonb_agg(jsonb_build_object('person', m.person_id, 'name', n.name,
            'function', m.function, 'since', m.since) ORDER BY m.function <> 'lead', n.name, n.id)
         FROM care_team_member m JOIN app_person n ON n.id = m.person_id
         WHERE m.care_team_id = c.id AND m.until IS NULL) AS members""",
    source="patient p JOIN care_team c ON c.id = p.care_team_id",
    build=build,
    by_id=of_uuid("p.id"),
    keys=(Key("p.id", "uuid"),),
    updated="greatest(p.touched_at, c.touched_at)",
    params={
        "identifier": Identifier({URI: to("c.id")}, "The team's id"),
        "patient": Reference({"Patient": to("p.id")}),
        "subject": Reference({"Patient": to("p.id")}),
        "status": Token("true", {"active": [True]}, CARE_TEAM_STATUS),
    },
    includes={
        "patient": Include(frozenset({"Patient"}), refer("subject")),
        "subject": Include(frozenset({"Patient"}), refer("subject")),
    },
)
