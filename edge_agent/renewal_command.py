"""The command `renew`: the next certificate if it is due, and the newest hub.toml."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from edge_agent.errors import ConnectionLost, EdgeError, WrongInput
from edge_agent.identity.api import GatewayApi, GatewayRefused
from edge_agent.identity.durable import Durable
from edge_agent.identity.hub import read_hub_file, signing_key
from edge_agent.identity.login import AUTHORITY, shown_files
from edge_agent.identity.renew import Renewal, standing


def renew(hub_dir: Path) -> dict[str, Any]:
    """Do what is due and tell it: `renewed`, `changed`, `due`, and `error` for what failed.

    A certificate that could not be renewed does not keep the hub from fetching its files.
    """
    folder, hub_file = Durable(hub_dir), read_hub_file(hub_dir)
    if hub_file.api is None:
        return {"renewed": False, "changed": False, "error": "no_api"}
    authority = (hub_dir / AUTHORITY).read_bytes()
    showing = partial(_showing, folder, hub_file.api, authority)
    work = Renewal(folder, hub_file, signing_key(hub_dir / "signing.key"), showing)
    told: dict[str, Any] = {"renewed": False, "changed": False}
    for name, step in (
        ("renewed", partial(work.renew, datetime.now(UTC))),
        ("changed", work.refresh),
    ):
        try:
            told[name] = step()
        except (ConnectionLost, GatewayRefused, WrongInput) as error:
            told["error"] = code_of(error)
    return told | {"due": standing(folder).due.isoformat(timespec="seconds")}


def code_of(error: EdgeError) -> str:
    """Return a fixed word for a log."""
    return error.code if isinstance(error, GatewayRefused) else type(error).__name__


def _showing(folder: Durable, url: str, authority: bytes, shown: bool) -> GatewayApi:
    return GatewayApi(url, authority, shown_files(folder) if shown else None)
