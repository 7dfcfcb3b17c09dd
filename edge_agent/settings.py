"""The only reader of the environment. Prefix HEARTHLINE_; unknown keys are refused.

A few settings from one source: pydantic-settings would carry its command line, dotenv and cloud
sources along, 3 MB that the hub has a better use for.
"""

import os
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from edge_agent.core.clock_state import Trust
from edge_agent.errors import WrongInput
from edge_agent.radio.times import USUAL

PREFIX: Final = "HEARTHLINE_"
# Settings of the other programs, which may share a machine and its environment with the agent.
OTHERS: Final = (
    "DATABASE_",
    "BROKER_",
    "INGEST_",
    "GATEWAY_",
    "API_",
    "CONSOLE_",
    "APP_",
    "ACCESS_",
    "FHIR_",
    "OIDC_",
    "DEMO_",
    "AUDIT_",
    "AUTHORITY_",
    "SIM_",
    "TEST_",
    "HOME",
    "LOG_",
    "PACKS",
)


def _numbers(told: object) -> object:
    return told.split(",") if isinstance(told, str) else told


class Settings(BaseModel):
    """What an owner can choose. Each field is HEARTHLINE_<NAME> in the environment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hub_dir: Path = Path("/etc/hearthline")
    """Identity: hub.toml, ca.crt, hub.pem, signing.key, passkeys.toml, consents.toml."""
    state_dir: Path = Path("/var/lib/hearthline")
    """What the hub keeps: the spool, its epoch, the status."""
    clock_trusted: Trust = Trust.AUTO
    """Whether the machine's clock is right; auto asks the kernel."""
    heartbeat_seconds: Annotated[float, Field(gt=0)] = 60.0
    """How often the gateway hears of the hub while it is connected."""
    renew_seconds: Annotated[float, Field(gt=0)] = 3600.0
    """How often the hub looks whether its certificate is due and hub.toml has changed."""
    quiet_seconds: Annotated[float, Field(gt=0)] = 10.0
    """How long a connected device may say nothing before the hub hangs up."""
    call_seconds: Annotated[float, Field(gt=0)] = USUAL.call_s
    """How long a device may take to answer one read or write."""
    silent_seconds: Annotated[float, Field(gt=0)] = USUAL.silent_s
    """How long no device at all may be heard before the scan, then the adapter, is restarted."""
    indicator: Literal["none", "console", "gpio"] = "none"
    """What the patient sees: a ring of LEDs, lines on the console, or nothing."""
    indicator_pins: Annotated[tuple[int, ...], BeforeValidator(_numbers)] = ()
    """The GPIO numbers of the ring's LEDs, in its order, as 5,6,13,19."""
    spool_bytes: Annotated[int, Field(ge=65_536)] = 256 * 2**20
    """How much the spool may keep; then the oldest routine readings give way."""


def load_settings() -> Settings:
    """Read the environment. Raises WrongInput that names the variable and what is wrong."""
    others = tuple(PREFIX + name for name in OTHERS)
    told = {
        name.removeprefix(PREFIX).lower(): text
        for name, text in os.environ.items()
        if name.startswith(PREFIX) and not name.startswith(others)
    }
    try:
        return Settings.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = PREFIX + str(first["loc"][0]).upper()
        if first["type"] != "extra_forbidden":
            raise WrongInput(f"{name}: {first['msg']}.") from None
    known = ", ".join(PREFIX + field.upper() for field in sorted(Settings.model_fields))
    raise WrongInput(f"Unknown setting {name}; known are {known}.")
