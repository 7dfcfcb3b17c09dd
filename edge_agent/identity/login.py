"""What the hub shows the broker: its certificate, the new one first, the old one until that served.

hub.pem holds certificate and key in one file, so that no crash can part them; hub.next.pem is one
that was renewed and has not connected yet. hub.crt and hub.key are what `hub add` wrote.
"""

import ssl
from pathlib import Path
from typing import Final

from edge_agent.errors import WrongInput
from edge_agent.identity.durable import Durable

AUTHORITY: Final = "ca.crt"
CURRENT: Final = "hub.pem"
NEXT: Final = "hub.next.pem"
FIRST: Final = ("hub.crt", "hub.key")


class Login:
    """The hub's side of mutual TLS with the broker, from its folder."""

    def __init__(self, folder: Durable) -> None:
        self._folder = folder
        self._shown, self._turn = "", False

    def trusted(self) -> ssl.SSLContext:
        """Return what tells our authority's servers, without a certificate to show."""
        return _trusting(self._folder.path)

    def check(self) -> None:
        """Raise WrongInput where there is no certificate that can be read."""
        self.context()
        self._shown, self._turn = "", False

    def context(self) -> ssl.SSLContext:
        """Return the TLS of the next attempt. A new certificate and the old one take turns until
        one of them served. Raises WrongInput where there is none that can be read."""
        self._turn = not self._turn
        if self._turn and self._folder.has(NEXT):
            try:
                self._shown = NEXT
                return _tls(self._folder.path, NEXT)
            except WrongInput:
                pass  # the one before is there still
        self._shown = CURRENT
        if self._folder.has(CURRENT):
            return _tls(self._folder.path, CURRENT)
        return _tls(self._folder.path, *FIRST)

    def worked(self) -> None:
        """Note that the broker has taken what was shown last: a new one takes the old one's place.

        What the child process renewed again since then is looked at by the next attempt.
        """
        if self._shown == NEXT and self._folder.has(NEXT):
            self._folder.move(NEXT, self._folder.path / CURRENT)
            for name in FIRST:
                self._folder.drop(name)
        self._shown, self._turn = "", False


def shown_files(folder: Durable) -> tuple[Path, Path | None]:
    """Return certificate and key (None: in one file) that the hub shows the gateway's API: the
    newest."""
    for name in (NEXT, CURRENT):
        if folder.has(name):
            return folder.path / name, None
    return folder.path / FIRST[0], folder.path / FIRST[1]


def _tls(folder: Path, certificate: str, key: str | None = None) -> ssl.SSLContext:
    context = _trusting(folder)
    try:
        context.load_cert_chain(folder / certificate, folder / key if key else None)
    except OSError as error:  # SSLError is one
        told = certificate + (f" or {key}" if key else "")
        raise WrongInput(f"{folder}: {told}: {error.strerror}.") from None
    return context


def _trusting(folder: Path) -> ssl.SSLContext:
    """Trust our own CA and nobody else's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_verify_locations(cafile=folder / AUTHORITY)
    except OSError as error:
        raise WrongInput(f"{folder / AUTHORITY}: {error.strerror}.") from None
    return context
