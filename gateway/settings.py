"""The only reader of the environment. Prefix HEARTHLINE_; unknown keys are refused."""

import os
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.core.shards import SHARDS
from gateway.errors import WrongInput
from gateway.storage.database import Database, embedded

PREFIX: Final = "HEARTHLINE_"
# Settings of the other programs, which may share a machine and its environment with the gateway.
OTHERS: Final = (
    "HUB_",
    "STATE_",
    "CLOCK_",
    "HEARTBEAT_",
    "QUIET_",
    "RENEW_",
    "SPOOL_",
    "SIM_",
    "TEST_",
)


def _shards(text: str) -> str:
    if not text or len(set(text)) < len(text) or not set(text) <= set(SHARDS):
        raise PydanticCustomError("shards", "name each shard once, as lower-case hex digits: 048c")
    return text


class Settings(BaseSettings):
    """What a site can choose. Each field is HEARTHLINE_<NAME> in the environment."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    home: Path = Path("var/gateway")
    """Keys, the embedded database and the broker's files."""
    database_url: str | None = None
    """A PostgreSQL URL; unset means the embedded PostgreSQL."""
    broker_host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]+$")] = "127.0.0.1"
    """Where hubs and ingest reach the broker, and what it listens on where `all` starts it."""
    broker_port: Annotated[int, Field(gt=0, lt=65536)] = 8883
    api_host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]+$")] | None = None
    """Where hubs reach the API, and what it listens on; without: as the broker."""
    api_port: Annotated[int, Field(ge=0, lt=65536)] = 8443
    """0: no API; hubs then come by `hub add` only, and do not renew."""
    console_host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]+$")] = "127.0.0.1"
    """Where browsers and programs reach the console. Plain HTTP on loopback only."""
    console_port: Annotated[int, Field(ge=0, lt=65536)] = 8080
    """0: no console."""
    console_url: Annotated[str, Field(pattern=r"^https?://[^/]+$")] | None = None
    """The console's address as people type it, where that is another, as behind a proxy."""
    app_database_url: Annotated[str | None, Field(repr=False)] = None
    """The database as hearthline_app, for the console; without: `database_url`, in that role."""
    access_database_url: Annotated[str | None, Field(repr=False)] = None
    """The database as hearthline_access, for signing in; likewise."""
    demo_sign_in: bool = False
    """Whether demo people may sign in, without a second factor. Every page says so."""
    oidc_issuer: (
        Annotated[str, Field(pattern=r"^(https://|http://(localhost|127\.0\.0\.1)[:/])")] | None
    ) = None
    """A provider of sign-in (OpenID Connect); without: passwords and passkeys."""
    oidc_client_id: str = ""
    oidc_client_secret: Annotated[str, Field(repr=False)] = ""
    oidc_name: str = "OpenID Connect"
    """What the button says."""
    authority_est_url: Annotated[str, Field(pattern=r"^https://")] | None = None
    """An EST server (RFC 7030) that certifies hubs; without: the site's own CA."""
    authority_est_ca: Path | None = None
    """The PEM file of who certified the EST server."""
    authority_est_user: str = ""
    authority_est_password: Annotated[str, Field(repr=False)] = ""
    broker_managed: bool = True
    """Whether `all` starts Mosquitto itself."""
    ingest_shards: Annotated[str, AfterValidator(_shards)] = SHARDS
    """The shards that this ingest process may own, as hex digits."""
    packs: Path | None = None
    """A folder of the site's own rule packs, beside those that ship."""
    audit_checkpoints: Path | None = None
    """A folder outside this machine, for a second copy of the audit's signed checkpoints."""
    fhir_private_endpoints: bool = False
    """Whether FHIR subscriptions may call addresses of this machine and of private networks."""
    fhir_export_leaves_mb: Annotated[int, Field(ge=0)] = 1024
    """So much of the disk of `home` FHIR exports leave free, in MB (1,000,000 octets)."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def keys(self) -> Path:
        """Return the folder of the site's keys."""
        return self.home / "keys"

    @property
    def broker_folder(self) -> Path:
        """Return the folder of the broker's files."""
        return self.home / "broker"

    @property
    def audit_folder(self) -> Path:
        """Return the folder of the audit's signed checkpoints."""
        return self.home / "audit"

    @property
    def postgres(self) -> Path:
        """Return the folder of the embedded database."""
        return self.home.resolve() / "postgres"

    @property
    def api_url(self) -> str | None:
        """Return the address that hubs are told; None where there is no API."""
        host = self.api_host or self.broker_host
        name = f"[{host}]" if ":" in host else host
        return f"https://{name}:{self.api_port}" if self.api_port else None

    @property
    def console_origin(self) -> str:
        """Return the console's address as browsers have it. Passkeys need a name: localhost."""
        if self.console_url:
            return self.console_url
        if self.console_is_local:
            return f"http://localhost:{self.console_port}"
        name = f"[{self.console_host}]" if ":" in self.console_host else self.console_host
        return f"https://{name}:{self.console_port}"

    @property
    def console_is_local(self) -> bool:
        """Say whether only this machine reaches the console."""
        return self.console_host in {"127.0.0.1", "::1", "localhost"}

    @property
    def hosts(self) -> list[str]:
        """Return the names that the broker, the API and the console answer to."""
        named = {self.broker_host, self.api_host or "localhost", self.console_host}
        return sorted(named | {"localhost", "127.0.0.1"})

    def database(self) -> Database:
        """Return the database; starts the embedded one where no URL is set."""
        if self.database_url:
            return Database(self.database_url)
        return embedded(self.postgres)


def load_settings() -> Settings:
    """Read the environment. Raises WrongInput that names the variable and what is wrong."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    others = tuple(PREFIX + name for name in OTHERS)
    unknown = sorted(
        name
        for name in os.environ
        if name.startswith(PREFIX) and name not in known and not name.startswith(others)
    )
    if unknown:
        raise WrongInput(f"Unknown setting {unknown[0]}; known are {', '.join(sorted(known))}.")
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise WrongInput(f"{name}: {first['msg']}.") from None
