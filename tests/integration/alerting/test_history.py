"""Stored history read set-wise says what the same readings say one by one; what rules are worth."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from alerting.backtest.compare import outcomes
from alerting.backtest.run import InForce, run
from gateway.storage.database import Database
from gateway.storage.history import past_tasks, read_history
from gateway.storage.quality import quality
from tests.fixtures.site import blood_pressure, make_site
from tests.integration.alerting.homes import (
    NOW,
    ago,
    evaluate,
    rows,
    take,
    take_glucoses,
    take_pressures,
)
from tests.unit.alerting.make import PACK


def test_a_back_test_over_the_database_finds_the_alerts_that_were_opened(
    embedded_database: Database,
) -> None:
    first, second = make_site(embedded_database), make_site(embedded_database)
    take_glucoses(first, embedded_database, ("66", 9), ("50", 8), ("120", 7), ("121", 6), ("65", 5))
    take_glucoses(second, embedded_database, ("53.9999999", 4), ("260", 3), ("301.5", 2))
    take_pressures(second, embedded_database, (184, 55, 4), (120, 70, 3))
    marked = blood_pressure(121, 71, ago(2)).model_copy(update={"flags": ("irregular_pulse",)})
    take(second, embedded_database, (marked, ago(2)))
    evaluate(embedded_database)
    rules = PACK
    with embedded_database.transaction() as connection:
        connection.execute(
            """UPDATE task SET status = 'completed', closed_at = now(), closed_by = 'nurse',
                disposition = '{"actionable": true}' WHERE rule_key = 'glucose_low'"""
        )
        begin, end = NOW - timedelta(days=1), NOW + timedelta(hours=1)
        series = read_history(connection, rules.values(), begin, end)
        told = past_tasks(connection, series.patients, begin, end)
    assert [name for name, _ in series.apart] == ["glucose"]
    everybody = np.ones(len(series.patients), np.bool_)
    ((_, pressures),) = series.people(["systolic"], everybody)
    assert [set(each.flags) for each in pressures] == [set(), set(), {"irregular_pulse"}]
    assert {each.utc_offset for each in pressures} == {
        each.measured_at.astimezone(ZoneInfo("Europe/Vienna")).utcoffset() for each in pressures
    }
    result = run(series, [InForce(rule) for rule in rules.values()])
    again = run(series, [InForce(rule) for rule in rules.values()], steps=True)
    found = {
        (series.patients[patient], each.rule.key, f"P{peak}")
        for each in result.found
        for patient, peak in zip(each.patient.tolist(), each.timely.tolist(), strict=True)
    }
    stored = rows(embedded_database, "SELECT patient_id, rule_key, peak_severity FROM alert")
    assert found == {(str(r["patient_id"]), r["rule_key"], r["peak_severity"]) for r in stored}
    assert [len(a) for a in result.found] == [len(b) for b in again.found]
    assert sum(map(len, result.found)) == len(stored)
    (low,) = [each for each in outcomes(result, told) if each.rule == "glucose_low"]
    assert (low.actionable, low.actionable_found, low.unknown) == (2, 2, 0)


def test_what_a_rule_is_worth(embedded_database: Database) -> None:
    site = make_site(embedded_database)
    take_glucoses(site, embedded_database, ("66", 9), ("120", 8), ("121", 7), ("301", 6))
    take_pressures(site, embedded_database, (184, 75, 4))
    evaluate(embedded_database)
    with embedded_database.transaction() as connection:
        connection.execute(
            """UPDATE task SET status = 'completed', closed_by = 'nurse',
                accepted_at = created_at + interval '6 minutes',
                closed_at = created_at + interval '20 minutes',
                disposition = jsonb_build_object('actionable', rule_key = 'glucose_low')
            WHERE rule_key LIKE 'glucose%'"""
        )
        end = datetime.now(UTC) + timedelta(minutes=1)
        told = {row["rule"]: row for row in quality(connection, end - timedelta(days=10), end)}
    assert set(told) == {"glucose_low", "glucose_high", "systolic_high"}
    low, high, open_ = told["glucose_low"], told["glucose_high"], told["systolic_high"]
    assert (low["closed"], low["precision"], high["precision"]) == (1, 1.0, 0.0)
    assert (low["per_patient_day"], low["acknowledge_median"], low["close_p90"]) == (0.1, 6, 20)
    assert (open_["open"], open_["closed"], open_["precision"]) == (1, 0, None)
