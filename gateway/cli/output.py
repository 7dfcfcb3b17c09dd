"""How every command prints: a table for people, JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def print_json(data: Any) -> None:
    """Print data as JSON; times in ISO 8601, ids as text."""
    print(json.dumps(data, default=_plain, indent=2))


def print_id(id_: UUID, as_json: bool) -> None:
    """Print the id of what was made."""
    print_json({"id": str(id_)}) if as_json else print(id_)


def print_table(title: str, rows: Sequence[Mapping[str, Any]], empty: str) -> None:
    """Print rows as a table, or the sentence for none.

    Where the terminal is too narrow for whole words, one line for each value.
    """
    from rich.console import Console
    from rich.measure import measure_renderables
    from rich.table import Table

    if not rows:
        print(empty)
        return
    table = Table(title=title, title_justify="left")
    for name in rows[0]:
        # An id is there to be copied: in one piece, whatever the width.
        whole = isinstance(rows[0][name], UUID)
        table.add_column(
            name.replace("_", " "), overflow="fold", no_wrap=whole, min_width=whole * 36
        )
    for row in rows:
        table.add_row(*(_text(value) for value in row.values()))
    console = Console()
    needed = measure_renderables(console, console.options.update(width=1000), [table]).minimum
    if needed <= console.width:
        console.print(table)
    else:
        _print_values(rows)


def _print_values(rows: Sequence[Mapping[str, Any]]) -> None:
    width = max(len(name) for name in rows[0])
    for row in rows:
        for name, value in row.items():
            print(f"{name.replace('_', ' '):{width}}  {_text(value)}")
        print()


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "Z"
    return str(value)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)
