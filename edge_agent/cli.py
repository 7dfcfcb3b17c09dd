"""`hearthline-edge`: the hub's command. Exit 0 done, 1 failed, 2 wrong input; never a traceback."""

import faulthandler
import gc
import sys
from pathlib import Path

from edge_agent.errors import EdgeError, WrongInput


def main() -> None:
    """Run the command; every expected error is one line."""
    try:
        if sys.argv[1:] == ["run"]:  # without typer, which the agent would carry for months
            run_agent()
        else:
            _any_command()
    except WrongInput as error:
        _stop(error, 2)
    except EdgeError as error:
        _stop(error, 1)
    except OSError as error:  # a file or folder that may not be read or written
        _stop(f"{error.filename}: {error.strerror}", 1)


def run_agent() -> None:
    """Run the hub until it is stopped."""
    faulthandler.enable()  # a crash below Python names its place, and no value
    from edge_agent import logs

    logs.silence_libraries()
    from edge_agent import app, settings

    gc.freeze()  # what was loaded is never garbage: nobody looks at it again
    chosen = settings.load_settings()
    if not (chosen.hub_dir / "hub.toml").exists():
        become_a_hub(chosen.hub_dir)
    app.run(chosen)


def become_a_hub(hub_dir: Path) -> None:
    """Enrol, where an invitation lies on the card; in a child, whose memory ends with it."""
    from edge_agent import enrolling_child

    enrolling_child.run(hub_dir)


def _any_command() -> None:
    from edge_agent.commands import app

    try:
        app()
    finally:
        gc.freeze()  # the end of the process frees it; a last look for garbage costs more


def _stop(error: EdgeError | str, code: int) -> None:
    sys.stderr.write(f"hearthline-edge: {error}\n")
    raise SystemExit(code)
