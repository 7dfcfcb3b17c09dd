"""The JSON Schema of scenario files, made from what reads them."""

import json
from pathlib import Path
from typing import Final

from simulators.scenarios.file import Scenario

FILE: Final = Path(__file__).parent / "scenario.schema.json"


def schema_text() -> str:
    """Return the schema as JSON text."""
    schema = Scenario.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A Hearthline scenario"
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"
