"""`rules backtest` and `rules quality`: what rules would have opened, and what they were worth."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli.groups import group
from gateway.cli.output import JsonOption, print_json, print_table
from gateway.errors import WrongInput
from gateway.settings import load_settings

if TYPE_CHECKING:
    from alerting.backtest.run import Progress
    from alerting.backtest.work import Handling
    from gateway.rules.told import Told

_SPAN: Final = re.compile(r"(\d{1,5})([hdw])")
_HOURS: Final = {"h": 1, "d": 24, "w": 168}
_MINUTES: Final = re.compile(r"P([1-4])=(\d+(?:\.\d+)?)")

_SVG: Final = "http://www.w3.org/2000/svg"

Since = Annotated[str, typer.Option(help="How far back: 90d, 12h, 4w.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    rules = group(app, "rules", "Check, try and judge rules before and after they are in force.")
    rules.command("backtest")(backtest)
    rules.command("quality")(quality)
    rules.command("burden")(burden)


def span(text: str) -> timedelta:
    """Read a time such as 90d."""
    found = _SPAN.fullmatch(text)
    if found is None or int(found[1]) == 0:
        raise WrongInput(f"{text!r} is no time; examples are 90d, 12h and 4w.")
    return timedelta(hours=int(found[1]) * _HOURS[found[2]])


def backtest(
    rule: Annotated[
        Path | None, typer.Option(help="A pack file whose rules take the place of those in force.")
    ] = None,
    pack: Annotated[
        Path | None, typer.Option(help="A pack file to test alone, instead of those in force.")
    ] = None,
    since: Since = "90d",
    patients: Annotated[int | None, typer.Option(min=1, help="So many patients only.")] = None,
    coordinators: Annotated[int, typer.Option(min=1, help="Who share the work.")] = 1,
    minutes: Annotated[
        str, typer.Option(help="Minutes of work for a task: P1=20,P2=15,P3=10,P4=5.")
    ] = "",
    recordings: Annotated[
        Path | None, typer.Option(help="Series (*.csv) instead of the database; all that is there.")
    ] = None,
    virtual: Annotated[
        int | None, typer.Option(min=1, help="So many made-up patients instead of the database.")
    ] = None,
    top: Annotated[int, typer.Option(min=0, help="Patients with the most alerts.")] = 10,
    plot: Annotated[Path | None, typer.Option(help="Write a page too: FILE.html.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Let rules judge stored history. Example: rules backtest --rule mine.yaml --since 90d.

    Opens and changes nothing.
    """
    from gateway.rules.backtest import Job

    if plot is not None and plot.suffix.lower() not in (".html", ".svg"):
        raise WrongInput(f"--plot writes .html or .svg, not {plot.name}.")
    if recordings is not None and virtual is not None:
        raise WrongInput("--recordings or --virtual, not both.")
    handling = _handling(minutes)
    job = Job(
        rule,
        pack,
        span(since),
        patients,
        recordings,
        virtual,
        database=lambda: load_settings().database(),
        progress=_bar,
    )
    told = job.run(handling, coordinators, top)
    if plot is not None:
        _write(told, plot)
    if as_json:
        print_json(told.data())
        return
    for note in (told.title, *told.notes):
        print(note)
    for name, rows in told.tables().items():
        if rows:
            print_table(name, rows, "")


def _handling(text: str) -> "Handling":
    from alerting.backtest.work import MINUTES, Handling

    given = [part.strip() for part in text.split(",") if part.strip()]
    found = [_MINUTES.fullmatch(part) for part in given]
    if not all(found):
        raise WrongInput(f"--minutes looks like P1=20,P2=15,P3=10,P4=5, not {text!r}.")
    return Handling({**MINUTES, **{int(each[1]): float(each[2]) for each in found if each}})


def _write(told: "Told", path: Path) -> None:
    from alerting.backtest.page import bars, page

    alerts, tasks = told.figures.alerts_by_day, told.figures.tasks_by_day
    first = told.figures.first_day
    if path.suffix.lower() == ".svg":
        drawn = bars(alerts, tasks, first).replace(
            "<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1
        )
    else:
        drawn = page(told.title, told.notes, told.tables(), alerts, tasks, first)
    path.write_text(drawn, "utf-8")


@contextmanager
def _bar(patients: int) -> Iterator["Progress"]:
    """Show how far rules are that judge one by one; nothing where no rule does."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        known: dict[str, int] = {}

        def progress(rule: str, done: int) -> None:
            if rule not in known:
                known[rule] = int(bar.add_task(f"{rule}, one by one", total=patients))
            bar.update(known[rule], completed=done)  # type: ignore[arg-type]

        yield progress


def quality(since: Since = "30d", as_json: JsonOption = False) -> None:
    """Say what each rule is worth by its closed tasks. Example: rules quality --since 30d.

    Precision is actionable / closed; times to acknowledge and to close are in minutes.
    """
    from gateway.storage.quality import quality as worth

    end = datetime.now(UTC)
    with load_settings().database().transaction() as connection:
        rows = worth(connection, end - span(since), end)
    if as_json:
        print_json(rows)
    else:
        print_table(f"Quality of rules, {since}", rows, "No task in that time.")


def burden(
    folder: Annotated[Path, typer.Argument(help="Series (*.csv), by `hearthline-sim series`.")],
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/alert-burden.md"),
) -> None:
    """Compare the packs that ship with a naive one. Example: rules burden var/series."""
    from alerting.packs.loader import FOLDER
    from gateway.rules.burden import compare, page

    packs = [path.stem for path in sorted(FOLDER.glob("*.yaml"))]
    out.write_text(page(compare(folder), packs), "utf-8")
    print(f"written: {out}")
