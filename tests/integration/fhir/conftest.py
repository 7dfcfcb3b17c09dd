"""Two clinics with homes that measured, whose programs ask `/fhir`."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from starlette.testclient import TestClient

from device_profiles.gatt import sig
from device_profiles.reading import (
    Absent,
    DeviceTime,
    Indication,
    Kind,
    Reading,
    Validity,
    Value,
)
from device_profiles.timeline import ClockCheck
from gateway.access.programs import FOR_PROGRAMS, PREFIXES
from gateway.access.rights import Right, Role
from gateway.access.secrets import digest, new_secret
from gateway.storage import homes
from gateway.storage.care_teams import add_team
from gateway.storage.database import Database
from gateway.storage.programs import add_program, add_program_secret
from tests.fixtures.console import Console
from tests.fixtures.site import Site, blood_pressure, make_site, reading_body
from tests.integration.alerting.homes import ago, evaluate, take, take_glucoses, take_pressures

JSON = "application/fhir+json"


def measured(
    kind: Kind,
    at: datetime,
    *values: tuple[int, str, str | Absent],
    validity: Validity = Validity.VALID,
) -> Reading:
    """Make a reading of these values: MDC code, unit, number or why there is none."""
    octets = b"\x01" + int(at.timestamp()).to_bytes(7, "little") + kind.encode() + validity.encode()
    return Reading(
        kind=kind,
        values=tuple(
            Value(mdc=mdc, unit=unit, absent=told)
            if isinstance(told, Absent)
            else Value(mdc=mdc, unit=unit, number=Decimal(told))
            for mdc, unit, told in values
        ),
        validity=validity,
        octets=(Indication(uuid=sig(0x2A5E), octets=octets),),
        device_time=shown(at + timedelta(minutes=7)),
    )


def shown(at: datetime) -> DeviceTime:
    """Return what a device's clock shows at a moment."""
    fields = ("year", "month", "day", "hour", "minute", "second")
    return DeviceTime(**{name: getattr(at, name) for name in fields})


def take_checked(site: Site, database: Database, reading: Reading, at: datetime) -> None:
    """Let a reading arrive with what the hub saw of the device's clock, which is fast."""
    body = reading_body(site, reading, at)
    seen = at + timedelta(seconds=5)
    clock = ClockCheck(hub_time=seen, device_time=shown(seen + timedelta(minutes=7)))
    arrival = body.arrival.model_copy(update={"clock": clock, "session": uuid4()})
    site.accept(database, [site.envelope(body.model_copy(update={"arrival": arrival}))])


@dataclass
class Facade:
    """The facade, and programs that may ask it."""

    console: Console
    sites: tuple[Site, Site]
    keys: dict[tuple[frozenset[Right], int], str] = field(default_factory=dict)
    client: TestClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.console.nobody()

    @property
    def patient(self) -> UUID:
        return self.sites[0].patient

    def key(self, rights: Iterable[Right] = FOR_PROGRAMS, which: int = 0) -> str:
        """Return the key of a program with these rights."""
        wanted = frozenset(rights)
        if (wanted, which) not in self.keys:
            key, now = PREFIXES["key"] + new_secret(), self.console.now()
            place = self.console.organisations[which]
            with self.console.database.transaction() as connection:
                id_ = add_program(connection, place, uuid4().hex, wanted, None, now)
                ends = now + timedelta(days=1)
                add_program_secret(connection, id_, "key", digest(key), wanted, now, ends)
            self.keys[wanted, which] = key
        return self.keys[wanted, which]

    def ask(
        self, path: str, *, which: int = 0, key: str = "", method: str = "GET", **more: Any
    ) -> httpx2.Response:
        headers = {"authorization": f"Bearer {key or self.key(which=which)}", "accept": JSON}
        headers |= more.pop("headers", {})
        where = path if path.startswith("https://") else f"/fhir/{path}"
        return self.client.request(method, where, headers=headers, **more)

    def get(self, path: str, **more: Any) -> dict[str, Any]:
        answer = self.ask(path, **more)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith(JSON)
        found: dict[str, Any] = answer.json()
        return found

    def found(self, path: str, **more: Any) -> list[dict[str, Any]]:
        """Return the resources of all pages of a search, without what is included."""
        bundle, many = self.get(path, **more), []
        while True:
            many += [
                entry["resource"]
                for entry in bundle.get("entry", ())
                if entry["search"]["mode"] == "match"
            ]
            follows = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
            if not follows:
                return many
            bundle = self.get(follows[0], which=more.get("which", 0), key=more.get("key", ""))


TEMPERATURE = measured(Kind.TEMPERATURE, ago(9), (150364, "Cel", "36.60"))
OXYGEN = measured(Kind.OXYGEN, ago(8), (150456, "%", "97"), (149530, "/min", "64"))
WEIGHT = measured(Kind.WEIGHT, ago(7), (188736, "kg", "71.20"))
BROKEN = measured(
    Kind.OXYGEN, ago(6), (150456, "%", Absent.NAN), (149530, "/min", Absent.ABOVE_RANGE)
)
INVALID = measured(Kind.TEMPERATURE, ago(5), (150364, "Cel", "0.0"), validity=Validity.INVALID)
DOUBTED = measured(
    Kind.TEMPERATURE, ago(4), (150364, "Cel", "37.0"), validity=Validity.QUESTIONABLE
)
CONTROL = measured(Kind.GLUCOSE, ago(3.5), (160208, "mg/dL", "110"), validity=Validity.CONTROL)

CONTACT = """
INSERT INTO contact_attempt (id, organisation_id, patient_id, task_id, at, channel, with_whom,
    outcome, author_id, author, note, created_at)
SELECT %s, t.organisation_id, t.patient_id, t.id, now(), 'telephone', 'patient', %s, %s, 'N. Night',
    'Will measure again.', now()
FROM task t WHERE t.organisation_id = %s ORDER BY t.id LIMIT 1"""


@pytest.fixture(scope="module")
def fhir(console: Console) -> Facade:
    made = []
    for which, organisation in enumerate(console.organisations):
        site = make_site(console.database, organisation)
        take_glucoses(site, console.database, ("66", 2), ("50", 1))
        take_pressures(site, console.database, (184, 120, 30), (190, 121, 2), (120, 80, 200))
        for reading, hours in (
            (TEMPERATURE, 9),
            (OXYGEN, 8),
            (WEIGHT, 7),
            (BROKEN, 6),
            (INVALID, 5),
            (DOUBTED, 4),
            (CONTROL, 3.5),
        ):
            take(site, console.database, (reading, ago(hours)))
        at = ago(3)
        take_checked(site, console.database, blood_pressure(118, 76, at + timedelta(minutes=7)), at)
        made.append(site)
        with console.database.transaction() as connection:
            team = add_team(connection, organisation, "East", "N. Night", console.now())
            connection.execute(
                "UPDATE patient SET care_team_id = %s, external_id = %s, birth_date = '1950-02-03',"
                " given_name = 'Test', family_name = 'Patient', phones = '{+15550100}'"
                " WHERE id = %s",
                [team, f"MRN-{which}", site.patient],
            )
            connection.execute(
                "INSERT INTO care_team_member (organisation_id, care_team_id, person_id, function,"
                " since) VALUES (%s, %s, %s, 'nurse', now())",
                [organisation, team, console.people[Role.COORDINATOR, which]],
            )
    evaluate(console.database)
    with console.database.transaction() as connection:
        for which, organisation in enumerate(console.organisations):
            person = console.people[Role.COORDINATOR, which]
            for outcome in ("reached", "no_answer"):
                connection.execute(CONTACT, [uuid4(), outcome, person, organisation])
    return Facade(console, (made[0], made[1]))


@pytest.fixture
def another(fhir: Facade) -> UUID:
    """Add a patient to the first clinic."""
    with fhir.console.database.transaction() as connection:
        return homes.add_patient(
            connection, fhir.console.organisations[0], f"Other {uuid4().hex[:6]}", "UTC"
        )
