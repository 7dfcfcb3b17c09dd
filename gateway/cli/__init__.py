"""hearthline-gateway: one file per group of commands; errors are one line, never a traceback."""

import gc
import signal
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_group

from gateway.errors import Conflict, GatewayError, NotFound, WrongInput

# Of which files each command is. A command loads these only: a Pi-class machine needs seconds for
# all of them.
FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "all": ("run",),
    "ingest": ("run",),
    "api": ("run",),
    "worker": ("run",),
    "console": ("console",),
    "openapi": ("openapi",),
    "user": ("user",),
    "migrate": ("run",),
    "organisation": ("organisation",),
    "patient": ("patient",),
    "hub": ("hub", "enrolment", "receipt", "revoke"),
    "device": ("revoke",),
    "keys": ("keys",),
    "register": ("register",),
    "tasks": ("care", "suppressed"),
    "alerts": ("suppressed",),
    "schedule": ("silence",),
    "silence": ("silence",),
    "oncall": ("oncall",),
    "readings": ("trace",),
    "trace": ("trace",),
    "watch": ("watch",),
    "watchdog": ("watchdog",),
    "connectors": ("connectors",),
    "custody": ("custody",),
    "statement": ("statement",),
    "audit": ("audit",),
    "quarantine": ("quarantine",),
    "rules": ("rules", "programmes", "limits", "backtest"),
    "programme": ("programmes",),
    "symptoms": ("symptoms",),
}


class Commands(TyperGroup):
    """Loads the files of a command when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer's signature
        """Return the names, in the order of the help."""
        return list(FILES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Return a command, or nothing where there is none of this name."""
        files = FILES.get(cmd_name)
        found = files and load(*files).get(cmd_name)
        _loaded()
        return found


def load(*files: str) -> dict[str, Any]:
    """Return the commands of these files."""
    app = typer.Typer(rich_markup_mode=None)
    for file in files:
        import_module(f"gateway.cli.{file}").register(app)
    return dict(get_group(app).commands)


def _loaded() -> None:
    """Let what was loaded alone: nothing of it is ever garbage, and a look at it costs 0.1 s."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


app = typer.Typer(
    name="hearthline-gateway",
    help="Stores readings, evaluates rules, opens tasks.",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def _commands() -> None:
    """All of them are in FILES."""


def main() -> None:
    """Run the command; exit 0 done, 1 failed, 2 wrong input."""
    # As Ctrl-C: so that a command that is ended leaves the embedded database in order. The
    # programs that keep running set their own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    gc.disable()  # until the command is loaded
    try:
        app()
    except GatewayError as error:
        print(f"hearthline-gateway: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, WrongInput | NotFound | Conflict) else 1)
    except OSError as error:
        print(f"hearthline-gateway: {_reason(error)}", file=sys.stderr)
        sys.exit(1)


def _reason(error: OSError) -> str:
    reason = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename else reason
