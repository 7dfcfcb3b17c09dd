"""How endpoints are called: no way into our own network, and nobody is waited for."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from gateway.fhir.hook import Hook, HookFailed
from tests.integration.fhir.endpoint import Endpoint, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with serving(tmp_path_factory.mktemp("tls")) as here:
        yield here


def test_a_name_of_this_machine_is_not_called(server: Endpoint) -> None:
    server.heard.clear()
    with pytest.raises(HookFailed, match="private_address"):
        Hook(trust=server.hook.trust).call(server.url, [])
    assert server.heard == []


def test_another_name_than_the_certificates_is_not_believed(server: Endpoint) -> None:
    server.heard.clear()
    with pytest.raises(HookFailed, match="ConnectError"):
        server.hook.call(server.url.replace("localhost", "127.0.0.1"), [])
    assert server.heard == []


def test_who_answers_letter_by_letter_is_not_waited_for(server: Endpoint) -> None:
    server.slow = True
    try:
        with pytest.raises(HookFailed, match="too_slow"):
            replace(server.hook, patience_s=0.3).call(server.url, [])
    finally:
        server.slow = False


def test_a_name_that_cannot_be_one_is_not_found() -> None:
    with pytest.raises(HookFailed, match="name_not_found"):
        Hook().call(f"https://{64 * 'a'}.example.org/", [])
