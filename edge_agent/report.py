"""What `status` and `devices` print: read from the hub's files, while the agent runs or not."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

from device_profiles.problems import ADVICE
from edge_agent.errors import WrongInput
from edge_agent.identity.hub import read_hub_file
from edge_agent.settings import Settings
from edge_agent.spool import file
from edge_agent.status import Status, read_status

# The agent writes every 2 s; a busy Pi may be late.
FRESH: Final = timedelta(seconds=15)


def status(settings: Settings) -> dict[str, Any]:
    """Return what the agent told last, and what the spool holds now. Raises WrongInput."""
    told = read_status(settings.state_dir)
    if told is None:
        raise WrongInput(
            f"{settings.state_dir}: no agent has run here; start it with `hearthline-edge run`."
        )
    plain: dict[str, Any] = told.model_dump(mode="json")
    plain["running"] = _running(told)
    plain["connected"] = plain["connected"] and plain["running"]
    plain["devices"] = [_advised(device) for device in plain["devices"]]
    return plain | _spool(settings.state_dir / file.NAME)


def devices(settings: Settings) -> list[dict[str, Any]]:
    """Return the paired devices with what was last seen of them. Raises WrongInput."""
    told = read_status(settings.state_dir)
    states = {state.device: state for state in told.devices} if told else {}
    models = {model.device: model for model in told.models} if told else {}
    rows = []
    for device in read_hub_file(settings.hub_dir).devices:
        state = states.get(device.id)
        seen = _advised(state.model_dump(mode="json", exclude={"device"})) if state else {}
        model = models.get(device.id)
        said = model.model_dump(exclude={"device"}, exclude_none=True) if model else {}
        rows.append({"device": str(device.id), "profile": device.profile, **said, **seen})
    return rows


def _advised(device: dict[str, Any]) -> dict[str, Any]:
    """Add what a person can do about the device's problem."""
    advice = ADVICE.get(device.get("problem") or "")
    return device | ({"what_to_do": advice} if advice else {})


def tree(plain: object, indent: str = "") -> str:
    """Return data for a terminal: one `key  value` a line, what is inside indented."""
    pairs = plain.items() if isinstance(plain, dict) else enumerate(cast("list[object]", plain), 1)
    return "\n".join(_branch(str(key), value, indent) for key, value in pairs)


def _branch(key: str, value: object, indent: str) -> str:
    if isinstance(value, dict | list) and value:
        return f"{indent}{key}\n{tree(value, indent + '  ')}"
    words = {"None": "-", "True": "yes", "False": "no", "[]": "-"}
    return f"{indent}{key:18} {words.get(str(value), value)}"


def _running(told: Status) -> bool:
    return told.running and datetime.now(UTC) - told.at < FRESH


def _spool(path: Path) -> dict[str, Any]:
    """Count the rows now; where the file cannot be read, what the agent told must do."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
            query = "SELECT waiting, octets, (SELECT min(seq) FROM envelope) FROM total"
            waiting, octets, oldest = db.execute(query).fetchone()
    except sqlite3.Error:
        return {}
    return {"waiting": waiting, "octets": octets, "oldest": oldest or 0}


def as_json(plain: object) -> str:
    """Return data for programs."""
    return json.dumps(plain, indent=2, ensure_ascii=False)
