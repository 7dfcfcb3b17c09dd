"""Programmes and limits: by the commands into the database, and from there into evaluation."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from alerting.model import Level, Override
from alerting.packs.loader import Pack, load_packs, read_pack
from gateway.care.limits_left import limits_left
from gateway.errors import Conflict, NotFound
from gateway.storage import programmes
from gateway.storage.database import Connection, Database
from gateway.storage.homes import add_organisation
from gateway.storage.programmes import Approval, NotApproved
from gateway.storage.rules import Scope, scopes
from tests.fixtures.site import Site

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PACK = """
pack: tight
programme: true
rules:
  - key: spo2_tight
    version: 1
    kind: threshold
    title: Saturation
    label: SpO2
    component: spo2
    direction: low
    bands: {P2: {"%": "<= 96"}}
    clear: {margin: {"%": 1}}
    source: made up for this test
"""


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    (tmp_path / "tight.yaml").write_text(PACK)
    return read_pack(tmp_path / "tight.yaml")


def scope(connection: Connection, patient: UUID, now: datetime) -> Scope:
    return scopes(connection, [patient], now).get(patient, Scope())


def join(database: Database, site: Site, pack: Pack) -> None:
    who = Approval(clinician="Dr Example", role="pulmonologist", approved_at=NOW)
    with database.transaction() as connection:
        programmes.approve(connection, site.organisation, pack, who, "admin")
        programmes.add_programme(
            connection, site.organisation, "copd", "COPD", [pack], "admin", NOW
        )
        programmes.join(connection, site.organisation, "copd", site.patient, "a", "referral", NOW)


def test_only_who_is_in_a_programme_has_its_rules(
    database: Database, site: Site, pack: Pack
) -> None:
    join(database, site, pack)
    with database.transaction() as connection:
        inside = scope(connection, site.patient, NOW)
        programmes.leave(connection, site.organisation, "copd", site.patient, NOW)
        outside = scope(connection, site.patient, NOW + timedelta(seconds=1))
    assert inside.rules(pack.rules) == pack.rules
    assert outside.rules(pack.rules) == ()


def test_no_programme_uses_what_nobody_signed_off(
    database: Database, site: Site, pack: Pack
) -> None:
    with (
        database.transaction() as connection,
        pytest.raises(NotApproved, match="rules approve tight"),
    ):
        programmes.add_programme(connection, site.organisation, "x", "X", [pack], "a", NOW)


def test_other_content_needs_another_signature(database: Database, site: Site, pack: Pack) -> None:
    join(database, site, pack)
    newer = pack.model_copy(update={"version": 2})
    with database.transaction() as connection:
        assert programmes.approval(connection, site.organisation, pack) is not None
        assert programmes.approval(connection, site.organisation, newer) is None


def test_one_is_in_a_programme_once(database: Database, site: Site, pack: Pack) -> None:
    join(database, site, pack)
    with database.transaction() as connection, pytest.raises(Conflict, match="already"):
        programmes.join(connection, site.organisation, "copd", site.patient, "a", "again", NOW)


def test_limits_of_three_levels_reach_the_patient_and_nobody_else(
    database: Database, site: Site, pack: Pack
) -> None:
    join(database, site, pack)
    whom = {Level.ORGANISATION: None, Level.PATIENT: site.patient}
    with database.transaction() as connection:
        found = programmes.find_programme(connection, site.organisation, "copd")
        for level in Level:
            laid = _laid(level)
            programmes.lay_over(connection, site.organisation, whom.get(level, found), laid)
        mine = scope(connection, site.patient, NOW)
        connection.execute("UPDATE programme_member SET until = %s", [NOW])
        without = scope(connection, site.patient, NOW)
        other = scope(connection, UUID(int=1), NOW)
    assert {laid.level for laid in mine.overrides} == set(Level)
    assert {laid.level for laid in without.overrides} == {Level.ORGANISATION, Level.PATIENT}
    assert other.overrides == ()


def test_limits_end_when_they_are_lifted(database: Database, site: Site) -> None:
    with database.transaction() as connection:
        laid = programmes.lay_over(
            connection, site.organisation, site.patient, _laid(Level.PATIENT)
        )
        programmes.lift(connection, site.organisation, laid, NOW)
        (left,) = scope(connection, site.patient, NOW).overrides
        with pytest.raises(NotFound):
            programmes.lift(connection, site.organisation, laid, NOW)
    assert not left.in_force(NOW)


def _laid(level: Level) -> Override:
    return Override(
        level=level,
        rule_key="spo2_low",
        changes={"bands": {"P1": {"%": "<= 88"}}},
        reason="agreed",
        author="Dr Example",
        valid_from=NOW - timedelta(days=1),
    )


def test_limits_are_for_patients_of_the_organisation_and_unreadable_ones_stop_nothing(
    database: Database, site: Site
) -> None:
    limits = Override(
        level=Level.PATIENT,
        rule_key="spo2_low",
        off=True,
        reason="has COPD",
        author="Dr Example",
        valid_from=NOW,
    )
    with database.transaction() as connection:
        other = add_organisation(connection, "Another")
        with pytest.raises(NotFound, match="No patient"):
            programmes.lay_over(connection, other, site.patient, limits)
        programmes.lay_over(connection, site.organisation, site.patient, limits)
        connection.execute("UPDATE rule_override SET reason = 'x'")  # of an earlier version
        assert scope(connection, site.patient, NOW).overrides == ()


STANDS_IN = PACK + "    replaces: spo2_low\n"


def test_own_limits_on_a_rule_that_is_stood_in_for_are_told(
    database: Database, site: Site, tmp_path: Path
) -> None:
    (tmp_path / "tight.yaml").write_text(STANDS_IN)
    pack = read_pack(tmp_path / "tight.yaml")
    rules = {rule.key: rule for rule in (*load_packs().values(), *pack.rules)}
    mine, other = (limits("spo2_low"), limits("systolic_high"))
    with database.transaction() as connection:
        for each in (mine, other):
            programmes.lay_over(connection, site.organisation, site.patient, each)
        assert limits_left(connection, rules, site.patient, NOW) == ()
    join(database, site, pack)
    with database.transaction() as connection:
        (left,) = limits_left(connection, rules, site.patient, NOW)
        assert (left.rule, left.instead, left.author) == ("spo2_low", "spo2_tight", mine.author)
        assert "Set them for spo2_tight" in str(left)
        now = limits("spo2_tight")
        programmes.lay_over(connection, site.organisation, site.patient, now)
        off = limits("spo2_tight").model_copy(update={"off": True, "valid_from": NOW})
        programmes.lay_over(connection, site.organisation, site.patient, off)
        assert limits_left(connection, rules, site.patient, NOW) == ()  # it stands in no more


def limits(rule: str) -> Override:
    return Override(
        level=Level.PATIENT,
        rule_key=rule,
        changes={"title": "Own"},
        reason="as agreed",
        author="Dr Example",
        valid_from=NOW - timedelta(days=1),
    )
