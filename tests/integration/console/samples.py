"""Two clinics in which there is one of everything that a path can name."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from alerting.model import Level, Override
from alerting.packs.loader import load_packs
from gateway.access.programs import FOR_PROGRAMS, PREFIXES
from gateway.access.rights import Right, Role
from gateway.access.secrets import digest, new_secret
from gateway.fhir.measures import PANEL, PRESSURES
from gateway.storage import consents, programmes
from gateway.storage.care_teams import add_team
from gateway.storage.database import Connection
from gateway.storage.people import NewPerson, add_person, give_roles
from gateway.storage.programs import add_program, add_program_secret
from tests.fixtures.console import Console
from tests.fixtures.site import Site, make_site
from tests.integration.alerting.homes import evaluate, take_glucoses, take_pressures

NOW = datetime.now(UTC)
# What a path can name besides: the same for both.
WORDS = {
    "what": "snooze",
    "move": "begin",
    "key": "hf",
    "measure": "weight",
    "rule": "spo2_low",
    "code": "en",
    "secret": "x",
    "file": "Patient.ndjson",
}

TECHNICAL = """
INSERT INTO task (id, organisation_id, patient_id, device_id, rule_key, direction, queue, priority,
    title, sentence, due_at, created_at)
SELECT %(id)s, organisation_id, patient_id, %(device)s, 'battery', 'low', 'technical', 'P3',
    title, sentence, due_at, created_at
FROM task WHERE organisation_id = %(organisation)s LIMIT 1"""
ENTRY = """
INSERT INTO time_entry (id, organisation_id, patient_id, person_id, person, activity, live,
    qualified, began_at, ended_at, created_at)
VALUES (%s, %s, %s, %s, 'N. Night', 'call', true, false, %s, %s, %s)"""
CALL = """
INSERT INTO contact_attempt (id, organisation_id, patient_id, at, channel, with_whom, outcome,
    author_id, author, created_at)
VALUES (%s, %s, %s, now(), 'telephone', 'patient', 'reached', gen_random_uuid(), 'N. Night',
    now())"""
GLASS = """
INSERT INTO break_glass (id, organisation_id, patient_id, person_id, reason, at, ends_at)
VALUES (%s, %s, %s, %s, 'to see whether it opens', %s, %s)"""


CONNECTOR = """
INSERT INTO connector (id, organisation_id, name, kind, contents, queues)
VALUES (%s, %s, %s, 'webhook', 'minimal', '{}')"""


@dataclass
class Clinic:
    """The ids of one of everything, by the name that paths have for it."""

    site: Site
    ids: dict[str, UUID] = field(default_factory=dict)
    keys: dict[frozenset[Right], str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    """Ids of FHIR that are more than one of ours."""

    def named(self, name: str, role: Role | None = None) -> str:
        """Return what stands for a name in a path. A technician sees technical tasks only."""
        if name == "task" and role is Role.TECHNICIAN:
            return str(self.ids["technical task"])
        return WORDS.get(name) or self.parts.get(name) or str(self.ids[name])


def make_clinics(console: Console) -> tuple[Clinic, Clinic]:
    """Fill both organisations of a console."""
    sites = [make_site(console.database, each) for each in console.organisations]
    for site in sites:
        take_glucoses(site, console.database, ("66", 2), ("50", 1))
        take_pressures(site, console.database, (184, 120, 30), (190, 121, 2))
        site.accept(console.database, [site.envelope(b"{}")])
    evaluate(console.database)
    first, second = (_clinic(console, site) for site in sites)
    return first, second


def _clinic(console: Console, site: Site) -> Clinic:
    clinic = Clinic(site, {"patient": site.patient, "hub": site.hub, "device": site.cuff})
    with console.database.transaction() as connection:
        _people(connection, clinic)
        _care(connection, clinic)
        for name, table in (
            ("alert", "alert"),
            ("task", "task"),
            ("reading", "reading"),
            ("held", "quarantine"),
        ):
            row = connection.execute(
                f"SELECT id FROM {table} WHERE organisation_id = %s ORDER BY id LIMIT 1",  # noqa: S608
                [site.organisation],
            ).fetchone()
            assert row, table
            clinic.ids[name] = row["id"]
        clinic.ids["id_"] = clinic.ids["held"]
        _fhir(connection, clinic)
        clinic.ids["technical task"] = uuid4()
        told = {"id": clinic.ids["technical task"], "organisation": site.organisation}
        connection.execute(TECHNICAL, told | {"device": site.cuff})
    return clinic


def _fhir(connection: Connection, clinic: Clinic) -> None:
    """Add an attempt to call, and name what FHIR has besides: a part of a reading, of a device."""
    row = connection.execute(
        "SELECT mdc FROM reading_value WHERE reading_id = %s ORDER BY ordinal LIMIT 1",
        [clinic.ids["reading"]],
    ).fetchone()
    assert row
    part = PANEL if row["mdc"] in PRESSURES else row["mdc"]
    clinic.parts["observation"] = f"{clinic.ids['reading']}-{part}"
    clinic.parts["metric"] = f"{clinic.site.cuff}-{PANEL}"
    clinic.ids["export"], clinic.ids["subscription"] = uuid4(), uuid4()
    clinic.ids["contact"] = uuid4()
    connection.execute(CALL, [clinic.ids["contact"], clinic.site.organisation, clinic.site.patient])


def _people(connection: Connection, clinic: Clinic) -> None:
    """Add somebody whose rights come and go, and programs with all rights and with few."""
    organisation = clinic.site.organisation
    new = NewPerson("Somebody Else", f"{uuid4().hex}@example.org")
    clinic.ids["person"] = add_person(connection, new, NOW)
    give_roles(connection, organisation, clinic.ids["person"], [Role.COORDINATOR], NOW)
    for rights in (frozenset(FOR_PROGRAMS), frozenset({Right.ORGANISATION_READ})):
        key = PREFIXES["key"] + new_secret()
        program = add_program(connection, organisation, uuid4().hex, rights, None, NOW)
        ends = NOW + timedelta(days=1)
        add_program_secret(connection, program, "key", digest(key), rights, NOW, ends)
        clinic.keys[rights] = key
    clinic.ids["program"] = add_program(connection, organisation, "old", rights, None, NOW)
    clinic.ids["glass"] = uuid4()
    whose = (organisation, clinic.site.patient, clinic.ids["person"])
    told = (clinic.ids["glass"], *whose, NOW, NOW + timedelta(hours=1))
    connection.execute(GLASS, told)


def _care(connection: Connection, clinic: Clinic) -> None:
    """Add a team, a programme, limits, a consent and a call."""
    organisation, patient = clinic.site.organisation, clinic.site.patient
    clinic.ids["team"] = add_team(connection, organisation, "East", "N. Night", NOW)
    new = consents.NewConsent(NOW - timedelta(days=1), "verbal", "1", "en")
    by = consents.By("N. Night")
    clinic.ids["consent"] = consents.give(connection, patient, new, by, NOW)
    clinic.ids["limits"] = programmes.lay_over(connection, organisation, patient, _limits())
    clinic.ids["name"] = uuid4()
    connection.execute(CONNECTOR, [clinic.ids["name"], organisation, str(clinic.ids["name"])])
    clinic.ids["entry"] = uuid4()
    began, ended = NOW - timedelta(minutes=20), NOW - timedelta(minutes=10)
    told = (clinic.ids["entry"], organisation, patient, clinic.ids["person"])
    connection.execute(ENTRY, [*told, began, ended, NOW])


def _limits() -> Override:
    return Override(
        level=Level.PATIENT,
        rule_key=next(iter(load_packs())),
        changes={},
        off=True,
        final=False,
        reason="in a test",
        author="N. Night",
        valid_from=NOW,
        valid_until=None,
    )
