"""Tokens: kept, renewed, asked for by the other clock where ours differs; shared by threads."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from gateway.connectors import kinds
from gateway.connectors.oauth import OAuth, client_credentials
from gateway.connectors.ports import Connector, Later, Put
from simulators.far_sides import FarSide
from simulators.far_sides.faults import BROKEN, UNREACHED, busy
from simulators.far_sides.salesforce import CLIENT, SECRET, SIGN_IN, Salesforce
from tests.integration.connectors.works import full, put


@pytest.fixture(scope="module")
def served() -> Iterator[FarSide]:
    with Salesforce() as side:
        yield side


@pytest.fixture
def side(served: FarSide) -> FarSide:
    served.reset()
    return served


def connector(side: FarSide, **other: Any) -> Connector:
    return kinds()["salesforce"].build({**side.table(), **other})


def by_secret(side: FarSide, secret: str = SECRET) -> Connector:
    table = {"url": side.url, "client_id": CLIENT, "client_secret": secret}
    return kinds()["salesforce"].build(table)


def sign_ins(side: FarSide) -> int:
    return [each.purpose for each in side.requests].count("sign-in")


def test_a_token_is_asked_for_once(side: FarSide) -> None:
    signed = connector(side)
    put(signed, full())
    put(signed, full())
    assert sign_ins(side) == 1


def test_a_token_is_renewed_before_its_end(side: FarSide) -> None:
    form = client_credentials(CLIENT, SecretStr(SECRET))
    auth = OAuth(side.url + SIGN_IN, form, lasts_s=60)
    with httpx.Client(auth=auth) as client:
        answers = [client.get(f"{side.url}/services/data/v61.0/sobjects/Task/describe")] * 2
        client.get(f"{side.url}/services/data/v61.0/sobjects/Task/describe")
    assert [each.status_code for each in answers] == [200, 200]
    assert sign_ins(side) == 2


@pytest.mark.parametrize("ahead", [timedelta(minutes=20), timedelta(minutes=-20)], ids=str)
def test_an_assertion_is_made_by_their_clock_where_ours_differs(
    side: FarSide, ahead: timedelta
) -> None:
    side.faults.skew = ahead
    signed = connector(side)
    put(signed, full())
    assert sign_ins(side) == 2


def test_a_secret_is_as_good_as_a_key(side: FarSide) -> None:
    put(by_secret(side), full())


def test_a_wrong_secret_is_no_fault_of_the_tasks(side: FarSide) -> None:
    assert by_secret(side, "another").put(full(), None) == Later("sign_in_http_400")
    assert by_secret(side, "another").check() == Later("sign_in_http_400")


@pytest.mark.parametrize("fault", [UNREACHED, *BROKEN], ids=lambda fault: fault.name)
def test_who_cannot_sign_in_tries_later(side: FarSide, fault: Any) -> None:
    side.faults.queue(fault, on="sign-in")
    signed = connector(side)
    assert isinstance(signed.put(full(), None), Later)
    put(signed, full())


def test_a_busy_sign_in_is_left_alone_as_long_as_it_asks(side: FarSide) -> None:
    side.faults.queue(busy(40), on="sign-in")
    assert connector(side).put(full(), None) == Later("sign_in_http_429", timedelta(seconds=40))


def test_threads_share_a_connector(side: FarSide) -> None:
    signed, works = connector(side), [full() for _ in range(12)]
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda work: signed.put(work, None), works))
    assert all(isinstance(each, Put) for each in outcomes)
    assert len(side.tasks()) == len(works)


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_secret": "too"},
        {"private_key": "-----BEGIN PRIVATE KEY-----\nno\n-----END PRIVATE KEY-----"},
        {"user": None},
        {"url": "http://example.org"},
        {"url": "https://somebody@example.org"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_wrong_table_is_refused_and_quotes_no_secret(side: FarSide, wrong: Any) -> None:
    with pytest.raises(ValidationError) as error:
        connector(side, **wrong)
    assert "PRIVATE KEY" not in str(error.value)
