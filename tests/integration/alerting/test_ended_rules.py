"""Alerts end when their rule is taken away: by limits, with the programme, with the pack."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from alerting.model import Level, Override, Rule
from alerting.packs.loader import load_packs, read_packs
from gateway.care import ended_rules
from gateway.care.ended_rules import PACK_AWAY, EndedRules
from gateway.storage import programmes
from gateway.storage.database import Database
from gateway.storage.programmes import Approval
from tests.fixtures.site import Site, make_site
from tests.integration.alerting.homes import NOW, ago, evaluate, one, rows, take_pressures, until
from tests.integration.alerting.workers import working

RULES = load_packs()
ALERTS = "SELECT rule_key || ' ' || state AS t FROM alert ORDER BY rule_key, state"
TASKS = "SELECT rule_key || ' ' || priority || ' ' || status AS t FROM task ORDER BY rule_key"
RESOLVED = "SELECT detail ->> 'code' AS code FROM alert_event WHERE event = 'resolved'"


def told(database: Database, query: str) -> list[str]:
    return [row["t"] for row in rows(database, query)]


def look(database: Database, rules: Mapping[str, Rule] = RULES, **later: Any) -> int:
    with database.transaction() as connection:
        return EndedRules(rules, NOW).look(connection, NOW + timedelta(**later))


def take_away(database: Database, site: Site, *rules: str) -> None:
    with database.transaction() as connection:
        for rule in rules:
            off = Override(
                level=Level.PATIENT,
                rule_key=rule,
                off=True,
                reason="palliative care",
                author="Dr Example",
                valid_from=ago(1),
            )
            programmes.lay_over(connection, site.organisation, site.patient, off)


def test_what_was_taken_away_ends_and_its_task_or_who_has_it_is_told(
    database: Database, site: Site
) -> None:
    take_pressures(site, database, (184, 55, 3))
    other = make_site(database)
    take_pressures(other, database, (184, 85, 3))
    evaluate(database)
    assert look(database) == 0
    take_away(database, site, "systolic_high", "diastolic_low")
    assert look(database) == 2
    assert told(database, ALERTS) == [
        "diastolic_low resolved",
        "systolic_high open",  # the other patient's
        "systolic_high resolved",
    ]
    assert [row["code"] for row in rows(database, RESOLVED)] == ["rule_ended", "rule_ended"]
    assert told(database, TASKS) == [
        "diastolic_low P3 cancelled",
        "systolic_high P2 requested",
        "systolic_high P2 requested",
    ]
    reason = one(database, "SELECT closed_reason AS t FROM task WHERE status = 'cancelled'")["t"]
    assert reason == "the rule was taken away from this patient"
    note = "SELECT detail ->> 'note' AS t FROM alert_event WHERE event = 'task_noted'"
    assert told(database, note) == [f"alert resolved: {reason}"]
    assert look(database) == 0


def test_who_leaves_a_programme_leaves_the_alerts_of_its_rules(
    database: Database, site: Site
) -> None:
    pack = read_packs()["hypertension"]
    who = Approval(clinician="Dr Example", role="cardiologist", approved_at=ago(50))
    whose = (site.organisation, "htn", site.patient)
    with database.transaction() as connection:
        programmes.approve(connection, site.organisation, pack, who, "admin")
        programmes.add_programme(
            connection, site.organisation, "htn", "HTN", [pack], "admin", ago(50)
        )
        programmes.join(connection, *whose, "a", "referral", ago(48))
    take_pressures(site, database, (184, 85, 3), (185, 85, 2), (186, 85, 1))
    evaluate(database)
    mine = {rule.key for rule in pack.rules}
    found = {row["rule_key"] for row in rows(database, "SELECT rule_key FROM alert")}
    assert found & mine
    assert look(database) == 0
    with database.transaction() as connection:
        programmes.leave(connection, *whose, ago(0.01))
    assert look(database) == len(found & mine)


def test_a_rule_of_no_pack_ends_its_alerts_after_a_day_only(database: Database, site: Site) -> None:
    take_pressures(site, database, (184, 85, 3))
    evaluate(database)
    rest = {key: rule for key, rule in RULES.items() if key != "systolic_high"}
    assert look(database, rest, seconds=PACK_AWAY.total_seconds() - 1) == 0
    assert look(database, rest, seconds=PACK_AWAY.total_seconds()) == 1


def test_everybody_has_their_turn(
    database: Database, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ended_rules, "AT_ONCE", 2)
    homes = [site, *(make_site(database) for _ in range(2))]
    for home in homes:
        take_pressures(home, database, (184, 85, 3))
    evaluate(database)
    for home in homes:
        take_away(database, home, "systolic_high")
    turns = EndedRules(RULES, NOW)
    with database.transaction() as connection:
        assert [turns.look(connection, NOW) for _ in range(3)] == [2, 1, 0]


def test_the_worker_does_it(database: Database, site: Site) -> None:
    take_pressures(site, database, (184, 85, 3))
    evaluate(database)
    take_away(database, site, "systolic_high")
    with working(database):
        until(lambda: told(database, ALERTS) == ["systolic_high resolved"])
