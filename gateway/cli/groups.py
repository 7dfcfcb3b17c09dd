"""Groups of commands that more than one file adds to."""

import typer


def group(app: typer.Typer, name: str, help_: str = "") -> typer.Typer:
    """Return the group of this name; made where no file before has made it."""
    for known in app.registered_groups:
        if known.name == name and known.typer_instance is not None:
            return known.typer_instance
    made = typer.Typer(help=help_, no_args_is_help=True)
    app.add_typer(made, name=name)
    return made
