"""The rules of the site, read once for each process: packs change with a restart."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from alerting.model import Rule
from alerting.packs.loader import Pack
from gateway.rules.packs import site_packs
from gateway.settings import Settings


def packs(request: Request) -> Mapping[str, Pack]:
    """Return every pack by its name."""
    settings: Settings = request.app.state.settings
    return _read(settings, settings.packs)


def rules(request: Request) -> Mapping[str, Rule]:
    """Return every rule by its key."""
    return {rule.key: rule for pack in packs(request).values() for rule in pack.rules}


@lru_cache(maxsize=4)
def _read(settings: Settings, _: Path | None) -> Mapping[str, Pack]:
    return site_packs(settings)


SitePacks = Annotated[Mapping[str, Pack], Depends(packs)]
SiteRules = Annotated[Mapping[str, Rule], Depends(rules)]
