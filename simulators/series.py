"""hearthline-sim series: recordings and cohorts as files, for `rules backtest --recordings`."""

import csv
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final

import typer

from simulators.recordings.folders import find_recordings
from simulators.sample import Sample

# A glucose of 0 in a paper log is a slip: no device tells it as a measurement.
_SLIP: Final = Decimal(0)
EVENTS: Final = "events"
"""The folder of what went wrong with virtual patients, beside their measurements."""


def series(
    out: Annotated[Path, typer.Argument(help="The folder to write to; made where it is not.")],
    recordings: Annotated[
        Path | None,
        typer.Option(
            help="A folder of public recordings; default: ../shared/data, if it is there."
        ),
    ] = None,
    only_virtual: Annotated[
        bool, typer.Option("--only-virtual", help="No recordings, even where they are.")
    ] = False,
    virtual: Annotated[
        int, typer.Option(min=0, help="So many virtual patients of each condition.")
    ] = 0,
    days: Annotated[int, typer.Option(min=1, max=3660, help="How long they measure.")] = 90,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same numbers.")] = 9,
) -> None:
    """Write measurements for back-tests. Example: series var/series --virtual 20 --days 90."""
    if recordings is not None and not recordings.is_dir():
        raise typer.BadParameter(f"there is no folder {recordings}", param_hint="--recordings")
    found = None if only_virtual else find_recordings(recordings)
    if found is None and not virtual:
        raise typer.BadParameter("nothing to write: name --recordings, --virtual or both")
    out.mkdir(parents=True, exist_ok=True)
    if found is not None:
        _recorded(found, out)
    if virtual:
        _virtual(virtual, days, seed, out)


def _recorded(folder: Path, out: Path) -> None:
    from simulators.recordings import bidmc, bp_preg, uci_diabetes, weight_krone

    readers: dict[str, Callable[[Path], Iterable[Sample]]] = {
        "bidmc-numerics": bidmc.read,
        "bp-preg": bp_preg.read,
        "uci-diabetes": uci_diabetes.read,
        "weight-krone": weight_krone.read,
    }
    for name, read in readers.items():
        try:
            samples = list(read(folder))
        except FileNotFoundError:
            continue
        if samples:
            _write(out / f"{name}.csv", samples)


def _virtual(people: int, days: int, seed: int, out: Path) -> None:
    from simulators.patients.cohort import FIRST
    from simulators.vitals.conditions import CONDITIONS
    from simulators.vitals.patient import VirtualPatient

    (out / EVENTS).mkdir(exist_ok=True)
    midnight = datetime.combine(FIRST, time())
    for condition in CONDITIONS:
        samples: list[Sample] = []
        events: list[tuple[str, str, str, str]] = []
        for number in range(people):
            name = f"{condition}-{number:03}"
            patient = VirtualPatient(name, seed, condition, eventful=False)
            samples += patient.samples(FIRST, days)
            for one in patient.setbacks(days):
                start, end = (midnight + timedelta(days=day) for day in (one.onset, one.end))
                events.append((name, one.kind, _minute(start), _minute(end)))
        _write(out / f"virtual-{condition}.csv", samples)
        _rows(out / EVENTS / f"virtual-{condition}.csv", ("subject", "kind", "from", "to"), events)


def _write(path: Path, samples: Sequence[Sample]) -> None:
    from simulators.patients.table import COLUMNS

    told = [
        (
            one.subject,
            one.at.isoformat(),
            one.kind,
            name,
            str(amount.number),
            amount.unit,
            one.note,
        )
        for one in samples
        for name, amount in one.values.items()
        if amount.number != _SLIP
    ]
    _rows(path, COLUMNS, told)
    typer.echo(f"{path}: {len(told)} values", err=True)


def _rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _minute(at: datetime) -> str:
    return at.isoformat(timespec="minutes")
