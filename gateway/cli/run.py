"""The commands that keep running, and `migrate`."""

import typer

from gateway import app as composition
from gateway.cli.output import JsonOption, print_json
from gateway.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    all_help = "Everything for a small site: database, broker, ingest, worker, API."
    app.command("all", help=all_help)(all_)
    app.command(help="Receive from the broker and store.")(ingest)
    app.command(help="Answer hubs that enrol and renew, over HTTPS.")(api)
    app.command(help="Evaluate rules, open alerts and tasks.")(worker)
    app.command(
        help="Bring database and keys to the newest form. Example: hearthline-gateway migrate"
    )(migrate)


def all_() -> None:
    """Run the whole gateway until SIGTERM or Ctrl-C."""
    composition.run_all(load_settings())


def ingest() -> None:
    """Run ingest until SIGTERM or Ctrl-C."""
    composition.run_ingest(load_settings())


def api() -> None:
    """Run the API until SIGTERM or Ctrl-C."""
    composition.run_api(load_settings())


def worker() -> None:
    """Run the worker until SIGTERM or Ctrl-C."""
    composition.run_worker(load_settings())


def migrate(as_json: JsonOption = False) -> None:
    """Apply missing migrations, load rule packs, make missing keys, write the broker's files."""
    applied = composition.prepare(load_settings())
    if as_json:
        print_json({"applied": applied})
    else:
        print("\n".join(f"applied {name}" for name in applied) or "The schema is the newest.")
