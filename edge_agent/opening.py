"""Opens what this hub keeps: the spool, sealed by its keys, and all that sessions share."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TypeVar

from edge_agent.clock import SystemClock
from edge_agent.identity.hub import Identity
from edge_agent.radio.bonds import Bonds
from edge_agent.radio.home import Home
from edge_agent.settings import Settings
from edge_agent.spool.seal import Sealer
from edge_agent.spool.sqlite import SqliteSpool
from edge_agent.status import last_trusted

H = TypeVar("H", bound=Home)


@contextmanager
def open_home(
    settings: Settings, identity: Identity, wake: Callable[[], None], kind: type[H]
) -> Iterator[H]:
    """Open a hub's home. Raises WrongInput where another program has it open."""
    folder = settings.state_dir
    clock = SystemClock(settings.clock_trusted, last_trusted(folder, identity.since))
    sealer = Sealer(identity.hub_file, identity.signing_key, clock, identity.recipients.records)
    with closing(SqliteSpool(folder, sealer, clock, settings.spool_bytes, wake)) as spool:
        bonds = Bonds(folder / "bonds")
        yield kind(spool, clock, identity.zone, settings.quiet_seconds, bonds)
