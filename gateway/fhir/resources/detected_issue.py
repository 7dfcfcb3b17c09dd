"""DetectedIssue: an alert, from the reading that broke a rule to the one that ended it."""

from typing import Final

from gateway.access.rights import Right
from gateway.fhir.evidence import evidence, observations
from gateway.fhir.params import Custom, Date, Identifier, Reference, Token, to
from gateway.fhir.resource import (
    Built,
    Include,
    Key,
    Resource,
    Row,
    base,
    instant,
    of_uuid,
    refer,
    reference,
)
from gateway.fhir.systems import (
    OBSERVATION_STATUS,
    PRIORITY,
    RULE,
    SEVERITY,
    STATE,
    URI,
    coding,
    concept,
    uri_of,
)

# FHIR has three; ours is in `code` as well.
SEVERITIES: Final = {"high": ["P1", "P2"], "moderate": ["P3"], "low": ["P4"]}
OURS: Final = {ours: fhir for fhir, many in SEVERITIES.items() for ours in many}
# An alert that goes on may still get worse.
STATUSES: Final = {"preliminary": ["open", "acknowledged"], "final": ["resolved"]}


def build(row: Row) -> Built:
    """Return a DetectedIssue."""
    codes = [coding(RULE, row["rule_key"]), coding(PRIORITY, row["severity"])]
    period = {"start": instant(row["since"])}
    if row["until"]:
        period["end"] = instant(row["until"])
    made = base(row, "DetectedIssue") | {
        "extension": [{"url": STATE, "valueCode": row["state"]}],
        "identifier": [uri_of(row["id"])],
        "status": "final" if row["state"] == "resolved" else "preliminary",
        "code": {"coding": codes, "text": f"{row['rule_key']}, version {row['rule_version']}"},
        "severity": OURS[row["severity"]],
        "patient": reference("Patient", row["patient"]),
        "identifiedPeriod": period,
        "detail": row["sentence"],
    }
    if row["evidence"]:
        made["implicated"] = observations(row["evidence"])
    if row["state"] == "acknowledged":
        made["mitigation"] = [{"action": concept(STATE, "acknowledged")}]
    return made


_WHOSE: Final = "x.alert_id = a.id"
RESOURCE: Final = Resource(
    type="DetectedIssue",
    rights=frozenset({Right.ALERTS_READ}),
    named="alert",
    columns=f"""a.id, a.rule_key, a.rule_version, a.severity, a.state, a.since, a.until, a.sentence,
        {evidence(_WHOSE)}""",
    source="alert a JOIN patient p ON p.id = a.patient_id",
    build=build,
    by_id=of_uuid("a.id"),
    keys=(Key("a.id", "uuid"),),
    updated="a.touched_at",
    params={
        "identifier": Identifier({URI: to("a.id")}),
        "status": Token("a.state", STATUSES, OBSERVATION_STATUS),
        "severity": Token("a.severity", SEVERITIES, SEVERITY, "Ours too: FHIR searches by none"),
        "code": Custom(
            "token",
            lambda value: ("%s IN (a.rule_key, a.severity)", [value.rpartition("|")[2]]),
            "A rule, or a severity of ours",
        ),
        "patient": Reference({"Patient": to("p.id")}),
        "subject": Reference({"Patient": to("p.id")}),
        "identified": Date("a.since"),
    },
    includes={
        "patient": Include(frozenset({"Patient"}), refer("patient")),
        "implicated": Include(frozenset({"Observation"}), refer("implicated")),
    },
    sorts={"identified": Key("a.since", "timestamptz")},
)
