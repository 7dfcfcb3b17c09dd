"""The console and the API for programs: one application, of parts that are found by walking."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Final

from fastapi import APIRouter, Depends, FastAPI
from starlette.staticfiles import StaticFiles

from gateway.access.desk import Desk
from gateway.api import v1
from gateway.api.call import Site
from gateway.api.openapi import describe
from gateway.api.problems import LimitBody
from gateway.audit.append import append
from gateway.fhir import routes as fhir
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.roles import pools
from gateway.web import pages
from gateway.web.csrf import SameOrigin
from gateway.web.errors import add_errors
from gateway.web.headers import SafeHeaders
from gateway.web.live import Live
from gateway.web.pages.live import remember_place
from gateway.web.templates import STATIC

# A file of patients to import is the longest.
MOST_OCTETS: Final = 2 * 1024 * 1024
# Whose files have routes. Pages first: a request is compared with one route after the other.
PARTS: Final = (pages, v1, fhir)


def make_console(settings: Settings, database: Database) -> FastAPI:
    """Build the application. `app.state.site` is what requests share."""
    now = partial(datetime.now, UTC)
    doors = pools(database, settings.app_database_url, settings.access_database_url)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        doors.open()
        app.state.live.start()
        yield
        app.state.live.stop()
        doors.close()

    app = FastAPI(
        title="Hearthline",
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        dependencies=[Depends(remember_place)],
    )
    app.state.desk = Desk(settings, doors, now, append)
    app.state.site = Site(doors.of_organisation, app.state.desk.signed_in, append, now)
    app.state.live = Live(doors.listen)
    app.state.settings = settings
    add_errors(app)
    # The last is the first that a request meets.
    app.add_middleware(SameOrigin)
    app.add_middleware(LimitBody, most=MOST_OCTETS)
    app.add_middleware(SafeHeaders)
    app.mount("/static", StaticFiles(directory=STATIC, check_dir=False), "static")
    for router in routers(*PARTS):
        app.include_router(router)
    describe(app)
    return app


def routers(*packages: ModuleType) -> Iterator[APIRouter]:
    """Return the `router` of every file of these packages."""
    for package in packages:
        for module in sorted(iter_modules(package.__path__), key=lambda found: found.name):
            found = getattr(import_module(f"{package.__name__}.{module.name}"), "router", None)
            if isinstance(found, APIRouter):
                yield found
