"""Which values stand on one chart, and how long a chart looks back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from alerting.words import template
from gateway.storage.readings import By


@dataclass(frozen=True, slots=True)
class Vital:
    """A chart: its values by name, the first is the one that its axis is for."""

    key: str
    title: str
    names: tuple[str, ...]


VITALS: Final = (
    Vital("pressure", template("Blood pressure"), ("systolic", "diastolic")),
    Vital("pulse", template("Pulse"), ("pulse", "heart_rate")),
    Vital("glucose", template("Glucose"), ("glucose", "continuous_glucose")),
    Vital("spo2", template("Oxygen saturation"), ("spo2",)),
    Vital("weight", template("Weight"), ("weight",)),
    Vital("temperature", template("Temperature"), ("temperature",)),
)
NAMES: Final = {
    "systolic": template("Systolic"),
    "diastolic": template("Diastolic"),
    "pulse": template("Pulse"),
    "heart_rate": template("Heart rate"),
    "glucose": template("Glucose"),
    "continuous_glucose": template("Sensor glucose"),
    "spo2": template("Oxygen saturation"),
    "weight": template("Weight"),
    "temperature": template("Temperature"),
    "mean_pressure": template("Mean pressure"),
    "pulse_amplitude": template("Pulse amplitude index"),
    "body_fat": template("Body fat"),
    "bmi": template("Body mass index"),
}


@dataclass(frozen=True, slots=True)
class Span:
    """How far back; `by`: one point for each day, week or month, else every reading."""

    key: str
    title: str
    length: timedelta
    by: By | None = None


SPANS: Final = (
    Span("7d", template("7 days"), timedelta(days=7)),
    Span("30d", template("30 days"), timedelta(days=30)),
    Span("90d", template("90 days"), timedelta(days=90), "day"),
    Span("1y", template("1 year"), timedelta(days=366), "day"),
    Span("3y", template("3 years"), timedelta(days=1096), "week"),
    Span("10y", template("10 years"), timedelta(days=3653), "month"),
)
USUAL: Final = "30d"


def span(key: str) -> Span:
    """Return a span by its key; the usual one for any other."""
    found = {each.key: each for each in SPANS}
    return found.get(key, found[USUAL])


def charts(names: Iterable[str]) -> tuple[Vital, ...]:
    """Return the charts for what there is; what no chart is for has its own."""
    there = set(names)
    known = tuple(vital for vital in VITALS if there & set(vital.names))
    covered = {name for vital in VITALS for name in vital.names}
    others = sorted(there - covered)
    return (*known, *(Vital(name, titled(name), (name,)) for name in others))


def titled(name: str) -> str:
    """Return what a value is called."""
    return NAMES.get(name, name.replace("_", " ").capitalize())
