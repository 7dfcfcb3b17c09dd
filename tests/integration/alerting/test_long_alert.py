"""An alert that stays open: what is read and written for one more reading has a bound."""

from datetime import UTC, datetime

from alerting.findings import SHOWN
from gateway.storage.charts import HISTORY, read_charts
from gateway.storage.database import Database
from gateway.storage.duties import take
from gateway.storage.rules import load_packs
from tests.fixtures.site import Site
from tests.integration.alerting.homes import ago, evaluate, one, rows, take_glucoses


def test_an_alert_that_stays_open_does_not_cost_more_and_more(
    database: Database, site: Site
) -> None:
    """What is read, and what is written for one more reading, has a bound."""
    numbers = ["66", *["60"] * 150, "45", *["65"] * 348]
    for part in range(0, 500, 100):
        told = [(n, 10 - (part + i) / 60) for i, n in enumerate(numbers[part : part + 100])]
        take_glucoses(site, database, *told)
        evaluate(database)
    task = one(database, "SELECT readings, evidence FROM task")
    assert task["readings"] == 500
    assert len(task["evidence"]) == SHOWN + 2
    assert task["evidence"][1]["severity"] == "P1"
    alert = one(database, "SELECT * FROM alert")
    assert (alert["state"], alert["severity"], alert["since"]) == ("open", "P2", ago(10))
    assert (alert["readings"], alert["explanation"]["readings"]) == (500, 500)
    assert len(alert["explanation"]["evidence"]) == SHOWN + 2
    assert alert["sentence"].startswith("Glucose 45 mg/dL ")
    events = "SELECT event, count(*) AS n FROM alert_event GROUP BY event"
    counted = {row["event"]: row["n"] for row in rows(database, events)}
    assert counted["evidence_added"] == counted["task_evidence_added"] == 1
    take_glucoses(site, database, ("62", 0.1))
    with database.transaction() as connection:
        (duties,) = take(connection, [site.patient], datetime.now(UTC))
        everybody = [r for r in load_packs(connection).values() if r.programme is None]
        (chart,) = read_charts(connection, [(duties, everybody)])
    assert len(chart.observations) == HISTORY + 1
    on = chart.carried["glucose_low"]
    assert len(on.observations) == SHOWN + 2
    assert len(on.observations) + on.earlier + HISTORY == 500
    take_glucoses(site, database, ("100", 0.05), ("101", 0.04))
    evaluate(database)
    assert one(database, "SELECT state FROM alert") == {"state": "resolved"}
