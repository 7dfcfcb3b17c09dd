"""Patient: who they are, as registered. What is not known here (sex, race) is not told."""

from typing import Final

from gateway.access.rights import Right
from gateway.fhir.params import Custom, Date, Identifier, Text, Token, to
from gateway.fhir.resource import Built, Key, Resource, Row, base, of_uuid
from gateway.fhir.systems import BOOLEAN, EXTERNAL_ID, URI, uri_of

# HL7 v3 RoleCode where there is one for it.
RELATIONS: Final = {
    "partner": "DOMPART",
    "child": "CHILD",
    "parent": "PRN",
    "sibling": "SIB",
    "relative": "FAMMEMB",
    "friend": "FRND",
    "neighbour": "NBOR",
}
ROLES: Final = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


def build(row: Row) -> Built:
    """Return a Patient."""
    made = base(row, "Patient") | {"identifier": _identifiers(row), "active": True}
    made["name"] = [_name(row)]
    phones = [
        {"system": "phone", "value": phone, "rank": rank}
        for rank, phone in enumerate(row["phones"], 1)
    ]
    if phones:
        made["telecom"] = phones
    if row["birth_date"]:
        made["birthDate"] = row["birth_date"].isoformat()
    if row["address"]:
        made["address"] = [{"text": row["address"]}]
    if row["contacts"]:
        made["contact"] = [_contact(contact) for contact in row["contacts"]]
    language = {"coding": [{"system": "urn:ietf:bcp:47", "code": row["language"]}]}
    made["communication"] = [{"language": language, "preferred": True}]
    made["managingOrganization"] = {
        "type": "Organization",
        "identifier": uri_of(row["organisation_id"]),
    }
    return made


def _identifiers(row: Row) -> list[Built]:
    found: list[Built] = [{"use": "official", **uri_of(row["id"])}]
    if row["external_id"]:
        found.append({"use": "usual", "system": EXTERNAL_ID, "value": row["external_id"]})
    return found


def _name(row: Row) -> Built:
    name: Built = {"use": "official", "text": row["name"]}
    if row["family_name"]:
        name["family"] = row["family_name"]
    if row["given_name"]:
        name["given"] = [row["given_name"]]
    return name


def _contact(contact: Row) -> Built:
    relation: Built = {"text": contact["relation"]}
    if code := RELATIONS.get(contact["relation"]):
        relation["coding"] = [{"system": ROLES, "code": code}]
    return {
        "relationship": [relation],
        "name": {"text": contact["name"]},
        "telecom": [{"system": "phone", "value": contact["phone"]}],
    }


NAMES: Final = ("p.name", "coalesce(p.family_name, '')", "coalesce(p.given_name, '')")
RESOURCE: Final = Resource(
    type="Patient",
    rights=frozenset({Right.PATIENTS_READ}),
    named="patient",
    columns="""p.organisation_id, p.name, p.given_name, p.family_name, p.birth_date, p.external_id,
        p.language, p.phones, p.address, p.id AS id,
        (SELECT jsonb_agg(jsonb_build_object('name', c.name, 'relation', c.relation,
            'phone', c.phone) ORDER BY c.place)
         FROM emergency_contact c WHERE c.patient_id = p.id) AS contacts""",
    source="patient p",
    build=build,
    by_id=of_uuid("p.id"),
    keys=(Key("p.id", "uuid"),),
    updated="p.touched_at",
    params={
        "identifier": Identifier(
            {URI: to("p.id"), EXTERNAL_ID: lambda value: ("p.external_id = %s", [value])},
            "Our id as urn:uuid, or the clinic's own",
        ),
        "name": Text(NAMES, "The beginning of a name; by POST, addresses are logged"),
        "family": Text(("coalesce(p.family_name, '')",)),
        "given": Text(("coalesce(p.given_name, '')",)),
        "birthdate": Date("(p.birth_date::timestamp AT TIME ZONE 'UTC')"),
        "active": Token("true", {"true": [True], "false": [False]}, BOOLEAN),
        "phone": Custom("token", lambda value: ("%s = ANY(p.phones)", [value]), "E.164"),
    },
)
