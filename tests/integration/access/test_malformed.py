"""What no browser sends is refused as what is wrong, and is no failure of ours."""

import pytest

from gateway.access.rights import Role
from tests.fixtures.console import Console

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"origin": "https://["}, b""),
        ({"host": "", "origin": "null"}, b""),
        ({"content-type": "multipart/form-data"}, b"x"),
        ({"content-type": FORM}, b"&".join(b"a%d=1" % each for each in range(1500))),
    ],
)
def test_a_form_that_nobody_can_read_has_no_token(
    console: Console, headers: dict[str, str], body: bytes
) -> None:
    browser = console.signed_in(console.people[Role.AUDITOR, 0])
    del browser.headers["x-csrf-token"]
    assert browser.post("/account", content=body, headers=headers).status_code == 403


def test_a_way_back_that_is_none_leads_to_the_beginning(console: Console) -> None:
    answer = console.nobody().get("/language/en", params={"back": "//["})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
