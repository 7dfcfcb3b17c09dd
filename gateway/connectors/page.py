"""Writes docs/connectors.md from the registry: `python -m gateway.connectors.page`."""

import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from gateway.connectors import Kind, kinds
from gateway.outbox.file import Common

PAGE: Final = Path(__file__).parents[2] / "docs" / "connectors.md"
INTRODUCTION: Final = """\
# Connectors

Written by `python -m gateway.connectors.page` from `gateway/connectors/`; a test compares them. Do
not edit it. To set one up: [connect a CRM](how-to/connect-a-crm.md), [connect a FHIR
server](how-to/connect-a-fhir-server.md). Why it is built so: [ADR 0025](adr/0025-outbox.md).

A task that opens here appears once in the clinic's own worklist, and what people do with it there
comes back. The key there is our task's id: whatever is sent how often, it is one task. Who has it
and how far it is, is said by whoever changed it last, there or here; how urgent it is and when it
is due, here only. A task closed here stays closed; one closed there is closed here when its end is
coded, and for P1 with a symptom check; else it is opened there again, and the history says why.
A record there that cannot be read is told as refused, and keeps no other back.

**Nothing here was tried against a vendor's own system.** "Tried" says against what instead. The
doubles are in `simulators/far_sides/`, with the pages that they follow; `hearthline-sim far-side
KIND` serves one to try things with.
"""
COMMON: Final = """
## What every table says

`connectors.toml` in the gateway's home has a table for each far side; its name is yours to choose.
While anything in it is wrong no far side is served, and readings are evaluated all the same;
`hearthline-gateway connectors list` says what is wrong, and what was mended is taken up within a
minute. Beside the keys of its kind, a table has:
"""


def page() -> str:
    """Return the page."""
    parts = [INTRODUCTION, *_overview(), COMMON, *_settings(Common)]
    for kind in sorted(kinds().values(), key=lambda one: one.name):
        parts += _section(kind)
    return "\n".join(parts).rstrip() + "\n"


def _overview() -> Iterator[str]:
    yield "| kind | system | tried |\n|---|---|---|"
    for name, kind in sorted(kinds().items()):
        yield f"| [`{name}`](#{name}) | {kind.title} | {kind.tried} |"


def _section(kind: Kind) -> Iterator[str]:
    module = sys.modules[kind.build.__module__]
    first, _, rest = cleandoc(module.__doc__ or "").partition("\n")
    yield f"\n## {kind.name}\n\n{first}\n{rest}\n\nTried: {kind.tried.rstrip('.')}.\n"
    yield from _settings(module.Settings)


def _settings(model: type[BaseModel]) -> Iterator[str]:
    yield "| key | without it | what it is |\n|---|---|---|"
    for name, field in model.model_fields.items():
        said = (field.description or "").replace("\n", " ").replace("|", "\\|")
        yield f"| `{field.alias or name}` | {_default(field)} | {said} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**refused**"
    default: Any = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(default, BaseModel):
        told = default.model_dump(mode="json", exclude_defaults=False)
        inner = ", ".join(f"{key} = {value!r}" for key, value in told.items() if value)
        return f"`{{ {inner} }}`" if inner else "empty"
    if default is PydanticUndefined or default is None or default in ("", (), {}, frozenset()):
        return "none"
    several = isinstance(default, tuple | frozenset)
    return f"`{', '.join(sorted(default))}`" if several else f"`{default}`"


if __name__ == "__main__":
    PAGE.write_text(page())
    print(PAGE)
