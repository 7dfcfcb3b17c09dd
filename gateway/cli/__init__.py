"""hearthline-gateway: one file per group of commands; errors are one line, never a traceback."""

import signal
import sys

import typer

from gateway.cli import (
    backtest,
    care,
    custody,
    enrolment,
    homes,
    keys,
    limits,
    oncall,
    programmes,
    quarantine,
    receipt,
    register,
    revoke,
    rules,
    run,
    silence,
    statement,
    suppressed,
    symptoms,
    trace,
    watch,
    watchdog,
)
from gateway.errors import Conflict, GatewayError, NotFound, WrongInput

app = typer.Typer(
    name="hearthline-gateway",
    help="Stores readings, evaluates rules, opens tasks.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for group in (
    run,
    homes,
    enrolment,
    receipt,
    revoke,
    keys,
    register,
    care,
    suppressed,
    silence,
    oncall,
    trace,
    watch,
    watchdog,
    custody,
    statement,
    quarantine,
    rules,
    programmes,
    limits,
    symptoms,
    backtest,
):
    group.register(app)


def main() -> None:
    """Run the command; exit 0 done, 1 failed, 2 wrong input."""
    # As Ctrl-C: so that a command that is ended leaves the embedded database in order. The
    # programs that keep running set their own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
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
