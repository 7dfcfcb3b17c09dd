"""Calls somebody's endpoint. It must not become a way into our own network (OWASP: SSRF).

The name is resolved once, all its addresses are looked at, and one of these is called: who answers
another address a moment later has nothing of it. No redirection is followed.
"""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

import httpx

from gateway.fhir.errors import Unprocessable

# For all of it: who answers a letter every few seconds holds up all the others.
TIMEOUT_S: Final = 10.0
LONGEST: Final = 500
MOST_ADDRESSES: Final = 2
OK: Final = range(200, 300)
GONE: Final = 410
# Where everybody's addresses of IPv6 are (RFC 4291, 2.4), and those that lead to one of IPv4: by a
# translator (RFC 6052), and by 6to4, which nobody has any more (RFC 7526).
EVERYBODYS: Final = IPv6Network("2000::/3")
TRANSLATED: Final = IPv6Network("64:ff9b::/96")


class HookFailed(Exception):
    """It was not told; the word says why, and nothing of what was sent."""

    def __init__(self, error: str, *, for_good: bool = False) -> None:
        super().__init__(error)
        self.error = error
        self.for_good = for_good


@dataclass(frozen=True, slots=True)
class Hook:
    """How endpoints are called. `private`: those of this network, too."""

    private: bool = False
    trust: ssl.SSLContext | bool = True
    patience_s: float = TIMEOUT_S

    def check(self, endpoint: str) -> None:
        """Look at an address before it is kept. Raises Unprocessable."""
        try:
            url = httpx.URL(endpoint)
        except (httpx.InvalidURL, ValueError):
            raise Unprocessable("The endpoint is no address.") from None
        if not endpoint.startswith("https://") or not url.host or len(endpoint) > LONGEST:
            raise Unprocessable("The endpoint begins with https://.")
        if url.port is not None and not 0 < url.port < 2**16:
            raise Unprocessable("There is no such port.")
        if url.userinfo or url.fragment:
            raise Unprocessable("The endpoint has no user and no fragment; a secret is a header.")
        if (literal := _literal(url.host)) and not self._allowed(literal):
            raise Unprocessable("The endpoint is an address of a network that is not everybody's.")

    def call(self, endpoint: str, headers: Sequence[tuple[str, str]]) -> None:
        """Send a POST without a body. Raises HookFailed."""
        url = httpx.URL(endpoint)
        named = [*headers, ("host", url.netloc.decode()), ("content-length", "0")]
        more = {"sni_hostname": url.raw_host.decode()}
        error: Exception | None = None
        for address in self._resolved(url):
            pinned = url.copy_with(host=str(address))
            try:
                request = httpx.Request("POST", pinned, headers=named, extensions=more)
                status = asyncio.run(self._send(request))
            except httpx.ConnectError as failed:
                error = failed  # a host with addresses of both kinds may listen on one
                continue
            except TimeoutError:
                raise HookFailed("too_slow") from None
            except (httpx.HTTPError, httpx.InvalidURL, ValueError) as failed:
                raise HookFailed(type(failed).__name__) from None
            if status not in OK:
                raise HookFailed(f"http_{status}", for_good=status == GONE)
            return
        raise HookFailed(type(error).__name__) from None

    async def _send(self, request: httpx.Request) -> int:
        """Send it; return the status. What is answered besides is not read."""
        async with (
            asyncio.timeout(self.patience_s),
            httpx.AsyncClient(
                timeout=None,  # noqa: S113 - of the whole
                verify=self.trust,
                trust_env=False,
                follow_redirects=False,
            ) as client,
        ):
            answer = await client.send(request, stream=True)
            await answer.aclose()
            return answer.status_code

    def _resolved(self, url: httpx.URL) -> Sequence[IPv4Address | IPv6Address]:
        try:
            found = socket.getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):  # a part of a name has 63 letters at most
            raise HookFailed("name_not_found") from None
        addresses = [ip_address(str(each[4][0]).partition("%")[0]) for each in found]
        if not addresses or not all(map(self._allowed, addresses)):
            raise HookFailed("private_address")
        return list(dict.fromkeys(addresses))[:MOST_ADDRESSES]

    def _allowed(self, address: IPv4Address | IPv6Address) -> bool:
        if self.private:
            return True
        meant = _meant(address)
        if isinstance(meant, IPv6Address) and (meant not in EVERYBODYS or meant.sixtofour):
            return False
        return meant.is_global and not meant.is_multicast


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the address of IPv4 that one of IPv6 stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
