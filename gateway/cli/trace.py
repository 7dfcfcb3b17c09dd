"""`trace`: the whole way of one reading; `readings`: which there are."""

from typing import Annotated
from uuid import UUID

import typer

from gateway.cli.output import JsonOption, print_json, print_table
from gateway.settings import load_settings
from gateway.storage.trace import trace

LATEST = """
SELECT r.id, r.kind, r.measured_at, r.validity, r.patient_id AS patient
FROM reading r ORDER BY r.measured_at DESC, r.id LIMIT %s"""


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("readings")(list_readings)
    app.command("trace")(trace_reading)


def list_readings(
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20, as_json: JsonOption = False
) -> None:
    """List the latest readings, without their values. Example: readings --limit 5."""
    with load_settings().database().transaction() as connection:
        rows = connection.execute(LATEST, [limit]).fetchall()
    if as_json:
        print_json(rows)
    else:
        print_table("Readings", rows, "No reading yet.")


def trace_reading(reading: UUID, as_json: JsonOption = False) -> None:
    """Print all steps of a reading with times, from the measurement to the task."""
    with load_settings().database().transaction() as connection:
        steps = [step.model_dump() for step in trace(connection, reading)]
    if as_json:
        print_json({"reading": str(reading), "steps": steps})
    else:
        print_table(f"Reading {reading}", steps, "")
