"""Pages from templates: `page(request, "worklist.html", call.who, tasks=...)`.

Every template is given: `who` (None: nobody is signed in), `now`, `language`, `theme`, `demo`,
`messages_wait`, `csrf` (the token, where the session has one), `places`, `static(path)`; and of
`words.py`:
`_("Taken by {who}", who=...)`, `_n("{n} task", "{n} tasks", n)`, `value(128, "mm[Hg]")`,
`when(moment, zone)`, `day(date)`, `ago(moment, now)`. Components are macros in `parts.html`.
"""

from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from babel import negotiate_locale
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from alerting.languages import ENGLISH, languages
from gateway.access.rights import Right
from gateway.access.who import Who
from gateway.notifiers_file import NOTIFIERS, is_wrong
from gateway.web.navigation import places
from gateway.web.words import Words

FOLDER: Final = Path(__file__).parent / "templates"
STATIC: Final = Path(__file__).parent / "static"
LANGUAGE: Final = "language"
THEME: Final = "theme"
THEMES: Final = ("light", "dark")

ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(
    request: Request,
    name: str,
    who: Who | None,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """Return a page, or a part of one that htmx asked for."""
    language = language_of(request, who)
    given = {
        "who": who,
        "now": now(request),
        "language": language,
        "languages": languages(),
        "theme": theme_of(request),
        "demo": demo(request),
        "messages_wait": messages_wait(request, who),
        "csrf": getattr(request.state, "csrf", ""),
        "places": places(who),
        "path": request.url.path,
        "static": static,
        **words(language).in_templates(),
    }
    html = ENVIRONMENT.get_template(name).render(given | context)
    return HTMLResponse(html, status, headers)


@lru_cache
def words(language: str) -> Words:
    """Return the words of a language; they keep what they have read."""
    return Words(language)


def now(request: Request) -> datetime:
    """Return the site's clock, so that tests can set it."""
    site = getattr(request.app.state, "site", None)
    return site.now() if site is not None else datetime.now(UTC)


def demo(request: Request) -> bool:
    """Say whether this site lets demo people in; every page tells it."""
    settings = getattr(request.app.state, "settings", None)
    return settings is not None and settings.demo_sign_in


def messages_wait(request: Request, who: Who | None) -> bool:
    """Say whether to tell an administrator, on every page, that notifiers.toml is wrong."""
    settings = getattr(request.app.state, "settings", None)
    if settings is None or who is None or not who.may(Right.ORGANISATION_WRITE):
        return False
    return is_wrong(settings.home / NOTIFIERS)


def language_of(request: Request, who: Who | None) -> str:
    """Return what was chosen on this machine, else what the person reads, else the browser."""
    chosen = request.cookies.get(LANGUAGE, "")
    if chosen in languages():
        return chosen
    if who is not None:
        wanted = [who.language]
    else:
        said = request.headers.get("accept-language", "")
        wanted = [part.split(";")[0].strip() for part in said.split(",") if part.strip()][:10]
    return negotiate_locale(wanted, languages(), sep="-") or ENGLISH


def theme_of(request: Request) -> str:
    """Return light or dark where somebody chose, else nothing: as the system has it."""
    chosen = request.cookies.get(THEME, "")
    return chosen if chosen in THEMES else ""


@lru_cache
def static(path: str) -> str:
    """Return the address of a static file; it changes with the content, so browsers may keep it."""
    file = STATIC / path
    version = sha256(file.read_bytes()).hexdigest()[:10] if file.is_file() else "missing"
    return f"/static/{path}?v={version}"
