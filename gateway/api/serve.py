"""Builds the API and serves it: TLS 1.3 by the site's CA, client certificates asked for."""

import ssl
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI

from device_profiles.wire.enrolment import HubFiles
from device_profiles.wire.hub_file import Broker
from gateway.api.client_certificate import CertificateProtocol
from gateway.api.hubs import HubDoor, hub_routes
from gateway.api.problems import LimitBody, add_problems
from gateway.enrolment.enrol import Enrolment
from gateway.enrolment.nonces import Nonces
from gateway.enrolment.renew import Renewal
from gateway.errors import WrongInput
from gateway.identity.est import EstAuthority
from gateway.identity.hub_file import hub_file, hub_file_text
from gateway.identity.own import OwnAuthority
from gateway.identity.public import read_public
from gateway.identity.records import recipients_text, signed_recipient_records
from gateway.identity.root_public import read_root_public, root_text
from gateway.identity.stored import read_authority, read_stored
from gateway.ports import HubAuthority
from gateway.settings import Settings
from gateway.storage.database import Connection, Database
from gateway.storage.homes import HubRow

# Each request may hold a database connection, of which PostgreSQL gives 100 to all.
AT_ONCE: Final = 200


def choose_authority(settings: Settings) -> HubAuthority:
    """Return who certifies hubs. Raises WrongInput where an EST server is half described."""
    if settings.authority_est_url is None:
        return OwnAuthority(read_authority(settings.keys))
    if settings.authority_est_ca is None:
        raise WrongInput("HEARTHLINE_AUTHORITY_EST_CA is missing: who certified the EST server?")
    return EstAuthority(
        settings.authority_est_url,
        settings.authority_est_ca,
        settings.authority_est_user,
        settings.authority_est_password,
    )


def make_api(settings: Settings, database: Database, authority: HubAuthority) -> FastAPI:
    """Build the application. It reads public keys only; its own TLS key makes the nonces."""
    nonces = Nonces(read_stored(settings.keys / "api.key"))
    door = HubDoor(
        database=database,
        site_authority=read_stored(settings.keys / "ca.crt"),
        enrolment=Enrolment(database, authority, nonces),
        renewal=Renewal(database, authority, nonces),
        files=partial(_files, settings),
        now=partial(datetime.now, UTC),
    )
    app = FastAPI(title="Hearthline gateway", docs_url=None, redoc_url=None)
    add_problems(app)
    app.add_middleware(LimitBody)
    app.include_router(hub_routes(door))
    return app


def serve(settings: Settings, database: Database) -> None:
    """Serve until SIGTERM."""
    authority = choose_authority(settings)
    config = server_config(
        make_api(settings, database, authority),
        settings.keys,
        settings.api_host or settings.broker_host,
        settings.api_port,
        authority.anchors(),
    )
    uvicorn.Server(config).run()


def server_config(app: FastAPI, keys: Path, host: str, port: int, anchors: bytes) -> uvicorn.Config:
    """Return uvicorn's configuration. A client may show a certificate; a wrong one ends TLS."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=CertificateProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=AT_ONCE,
        ssl_certfile=str(keys / "api.crt"),
        ssl_keyfile=str(keys / "api.key"),
        ssl_cert_reqs=ssl.CERT_OPTIONAL,
    )
    config.load()
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_3
        config.ssl.load_verify_locations(cadata=anchors.decode("ascii"))
    return config


def _files(settings: Settings, connection: Connection, hub: HubRow) -> HubFiles:
    # Read each time: a rotation of keys reaches hubs without a restart of this process.
    public, root = read_public(settings.keys), read_root_public(settings.keys)
    broker = Broker(host=settings.broker_host, port=settings.broker_port)
    file = hub_file(connection, public, hub, broker, settings.api_url)
    signed = signed_recipient_records(settings.keys, hub.suite)
    return HubFiles(
        hub_file=hub_file_text(file),
        recipients=recipients_text(signed) if root and signed else None,
        root=root_text(root) if root and signed else None,
    )
