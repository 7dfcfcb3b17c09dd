"""The marks that a device sets reach the rules, from ingest through the chart."""

from alerting.rules import kinds
from device_profiles.reading import Reading
from gateway.storage.charts import read_charts
from gateway.storage.database import Database
from gateway.storage.duties import take as take_duties
from tests.fixtures.site import Site, blood_pressure
from tests.integration.alerting.homes import NOW, ago, take
from tests.unit.alerting.windowed import make


def irregular(systolic: int, hours: float) -> Reading:
    reading = blood_pressure(systolic, 80, ago(hours))
    return reading.model_copy(update={"flags": ("irregular_pulse",)})


def test_the_flags_of_a_stored_reading_arrive(database: Database, site: Site) -> None:
    rule = make(
        "flagged",
        component="systolic",
        direction="high",
        flags=["irregular_pulse"],
        bands={"P3": {"times": 2, "of": 3}},
        within="P7D",
    )
    plain = blood_pressure(122, 80, ago(2))
    take(site, database, (irregular(120, 3), ago(3)), (plain, ago(2)), (irregular(121, 1), ago(1)))
    with database.transaction() as connection:
        (duties,) = take_duties(connection, [site.patient], NOW)
        (chart,) = read_charts(connection, [(duties, [rule])])
    marks = [sorted(each.flags) for each in sorted(chart.observations, key=lambda o: o.order)]
    assert marks == [["irregular_pulse"], [], ["irregular_pulse"]]
    (episode,) = kinds()["flagged"].episodes(rule, chart.observations)
    assert str(episode.evidence[0].reason) == (
        "carries the mark irregular pulse, as 2 of the last 3 readings do"
    )
