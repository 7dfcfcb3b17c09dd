"""`console`: the pages for people, and the API for programs."""

import typer

from gateway import app as composition
from gateway.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command(help="Answer people in the browser, and programs.")(console)


def console() -> None:
    """Run the console until SIGTERM or Ctrl-C."""
    composition.run_console(load_settings())
