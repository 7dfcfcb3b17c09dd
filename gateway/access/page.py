"""Writes docs/access.md from RIGHTS and the routes: `python -m gateway.access.page`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.routing import APIRoute

from gateway.access.programs import NEVER
from gateway.access.rights import RIGHTS, Right, Role
from gateway.api.openapi import rights_of, routes_of

PAGE: Final = Path(__file__).parents[2] / "docs" / "access.md"
INTRODUCTION: Final = """\
# Who may do what

Written by `python -m gateway.access.page` from `gateway/access/rights.py` and the routes; a test
compares them. Do not edit it. Why it is so: [ADR 0023](adr/0023-access.md). How to:
[people and sign-in](how-to/people-and-sign-in.md).

Somebody has roles in an organisation, and sees the rows of that organisation only: PostgreSQL
refuses the others. Of a restricted patient, only the care team sees more than that there is one,
or who breaks the glass: with a reason, for an hour, reviewed by somebody else.
"""
PROGRAMS: Final = """
A program has the rights that an administrator chose when registering it, without
{never}.
"""
ROUTES: Final = """
## Requests

"any" of the rights is enough. **Everybody**: nobody has to be signed in. **Own session**: whoever
is signed in, for themselves.
"""
# What needs no right. Everything else is a mistake, and a test says so.
EVERYBODY: Final = frozenset(
    {
        *("/sign-in", "/sign-in/second", "/sign-in/passkey", "/sign-in/passkey/options"),
        *("/sign-in/oidc", "/sign-in/oidc/back", "/sign-out", "/welcome/{secret}", "/oauth/token"),
        *("/styleguide", "/language/{code}"),
        *("/fhir/metadata", "/fhir/.well-known/smart-configuration"),
        # Signed, or with a secret, by a far side.
        *("/api/v1/connectors/{name}/inbox", "/api/v1/connectors/{name}/ping"),
    }
)
OWN: Final = "/account"


def page() -> str:
    """Return the page."""
    never = " and ".join(f"`{right}`" for right in sorted(NEVER))
    tables = ["\n".join(rows) for rows in (_rights(), _routes())]
    parts = [INTRODUCTION, tables[0], PROGRAMS.format(never=never), ROUTES, tables[1]]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def all_routes() -> list[tuple[str, str, APIRoute]]:
    """Return every route: its path, methods and itself."""
    from gateway.web.app import PARTS, routers

    app = FastAPI()
    for router in routers(*PARTS):
        app.include_router(router)
    found = [(path, " ".join(sorted(route.methods or ())), route) for path, route in routes_of(app)]
    return sorted(found, key=lambda one: one[:2])


def _rights() -> Iterator[str]:
    yield "| right | " + " | ".join(Role) + " |"
    yield "|---|" + ":-:|" * len(Role)
    for right in Right:
        has = ["yes" if right in RIGHTS[role] else "" for role in Role]
        yield f"| `{right}` | " + " | ".join(has) + " |"


def _routes() -> Iterator[str]:
    yield "| request | needs any of | roles |\n|---|---|---|"
    for path, methods, route in all_routes():
        rights = rights_of(route)
        needs = " ".join(f"`{right}`" for right in sorted(rights))
        needs = "any right" if rights == frozenset(Right) else needs
        yield f"| {methods} `{path}` | {needs} | {_roles(path, rights)} |"


def _roles(path: str, rights: frozenset[Right]) -> str:
    if not rights:
        return "**own session**" if path.startswith(OWN) else "**everybody**"
    return ", ".join(role for role in Role if RIGHTS[role] & rights) or "nobody"


if __name__ == "__main__":
    PAGE.write_text(page())
    print(PAGE)
