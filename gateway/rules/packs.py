"""The packs of a site: those that ship, and its own from the folder that HEARTHLINE_PACKS names."""

from collections.abc import Mapping
from types import MappingProxyType

from alerting.errors import PackError
from alerting.model import Rule
from alerting.packs.loader import FOLDER, Pack, read_packs
from gateway.errors import WrongInput
from gateway.settings import Settings


def site_packs(settings: Settings) -> Mapping[str, Pack]:
    """Return every pack by its name. Raises WrongInput for one that cannot be used."""
    own = settings.packs
    if own is not None and not own.is_dir():
        raise WrongInput(f"HEARTHLINE_PACKS: there is no folder {own}.")
    try:
        return read_packs(FOLDER, *([own] if own else []))
    except PackError as error:
        raise WrongInput(str(error)) from None


def site_rules(settings: Settings) -> Mapping[str, Rule]:
    """Return the rules of every pack by their key. Raises WrongInput, see `site_packs`."""
    packs = site_packs(settings).values()
    return MappingProxyType({rule.key: rule for pack in packs for rule in pack.rules})
