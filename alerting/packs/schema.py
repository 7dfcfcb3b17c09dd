"""The JSON Schema of packs, made from the models of all kinds: editors complete and check by it."""

import json
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, create_model

from alerting.packs.loader import FOLDER, Pack
from alerting.rules import kinds

FILE: Final[Path] = FOLDER / "pack.schema.json"
# What a rule says of itself while it is in force; nobody writes it in a pack.
_NOT_WRITTEN: Final = ("adjusted", "programme")


def schema_text() -> str:
    """Return the schema as JSON text."""
    models = [kind.rule for _, kind in sorted(kinds().items())]
    rule: Any = Annotated[reduce(or_, models), Field(discriminator="kind")]
    whole = create_model("Pack", __base__=Pack, rules=(tuple[rule, ...], ...))
    schema = whole.model_json_schema()
    for model in models:
        _as_written(schema["$defs"][model.__name__])
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A pack of Hearthline rules"
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def _as_written(rule: dict[str, Any]) -> None:
    """Ask for the kind, which has a default in code, and offer nothing that a pack may not say."""
    for name in _NOT_WRITTEN:
        del rule["properties"][name]
    rule["properties"]["kind"].pop("default", None)
    rule["required"] = sorted({*rule["required"], "kind"})
    rule["additionalProperties"] = False
