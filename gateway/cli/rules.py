"""`rules lint`, `list`, `show`, `test`, `schema`: look at packs before they are in force."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.groups import group
from gateway.cli.output import JsonOption, print_json, print_table
from gateway.errors import NotFound, WrongInput
from gateway.settings import load_settings

if TYPE_CHECKING:
    from alerting.model import Rule

Pack = Annotated[Path | None, typer.Option(help="A pack file; default: all of this site.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    rules = group(app, "rules", "Check, try and judge rules before and after they are in force.")
    for name, command in (("lint", lint), ("list", list_), ("show", show), ("test", run_tests)):
        rules.command(name)(command)
    rules.command("schema")(schema)


def lint(
    packs: Annotated[
        list[Path] | None, typer.Argument(help="Pack files; default: all that ship.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Notes count too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what to mend in packs: units, gaps, overlaps, bands that nothing reaches.

    Exits 1 where something is to be mended, 2 where a pack does not load.
    """
    from alerting.errors import PackError
    from alerting.packs.lint import lint_pack
    from alerting.packs.loader import FOLDER

    paths = packs or sorted(FOLDER.glob("*.yaml"))
    try:
        found = [finding for path in paths for finding in lint_pack(path)]
    except PackError as error:
        raise WrongInput(str(error)) from None
    if as_json:
        print_json(
            [
                {"file": f.path, "line": f.line, "level": f.level, "rule": f.rule, "text": f.text}
                for f in found
            ]
        )
    else:
        for each in found:
            print(each)
        print(f"{len(paths)} packs, {len(found)} findings")
    if any(strict or each.level != "note" for each in found):
        raise typer.Exit(1)


def list_(pack: Pack = None, as_json: JsonOption = False) -> None:
    """List rules. Example: rules list --pack mine.yaml."""
    rows = [
        {
            "rule": rule.key,
            "version": rule.version,
            "kind": rule.kind,
            "queue": rule.queue,
            "judges": ", ".join(rule.components),
            "title": rule.title,
        }
        for rule in _load(pack).values()
    ]
    if as_json:
        print_json(rows)
    else:
        print_table("Rules", rows, "No rule.")


def show(key: str, pack: Pack = None, as_json: JsonOption = False) -> None:
    """Show a rule with all its parameters and its source. Example: rules show glucose_low."""
    import yaml

    rules = _load(pack)
    if key not in rules:
        raise NotFound(f"No rule {key!r}; `rules list` names them all.")
    body: dict[str, Any] = rules[key].model_dump(mode="json", exclude_none=True)
    if as_json:
        print_json(body)
    else:
        print(yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=100), end="")


def run_tests(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Test files, or folders of them; default: shipped.")
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of test files instead.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Run unit tests of rules: series in, alerts out. Example: rules test mine.tests.yaml.

    Exits 1 where an alert is not as expected, 2 where a file cannot be used.
    """
    from alerting.packs.loader import FOLDER
    from alerting.trial.file import TrialBroken, schema_text
    from alerting.trial.run import run_file

    if schema:
        print(schema_text(), end="")
        return
    given = files or [FOLDER / "tests"]
    paths = [
        f for path in given for f in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])
    ]
    try:
        outcomes = [outcome for path in paths for outcome in run_file(path)]
    except TrialBroken as error:
        raise WrongInput(f"\n{error}") from None
    failed = [each for each in outcomes if each.failures]
    if as_json:
        print_json(
            [
                {"file": o.path, "line": o.line, "test": o.name, "failures": list(o.failures)}
                for o in outcomes
            ]
        )
    else:
        for each in failed:
            print(f"FAILED {each.name}", *each.failures, sep="\n  ")
        print(f"{len(outcomes)} tests of {len(paths)} files, {len(failed)} failed")
    if failed or not outcomes:
        raise typer.Exit(1)


def schema() -> None:
    """Print the JSON Schema of packs, for editors; it ships as alerting/packs/pack.schema.json."""
    from alerting.packs.schema import schema_text

    print(schema_text(), end="")


def _load(pack: Path | None) -> "dict[str, Rule]":
    from alerting.errors import PackError
    from alerting.packs.loader import load_pack
    from gateway.rules.packs import site_rules

    if pack is None:
        return dict(site_rules(load_settings()))
    try:
        return {r.key: r for r in load_pack(pack)}
    except PackError as error:
        raise WrongInput(str(error)) from None
