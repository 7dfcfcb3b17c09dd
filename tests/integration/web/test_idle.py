"""A page that looks again by itself keeps nobody signed in."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.access.rights import Role
from tests.fixtures.console import Console

AGO = timedelta(minutes=10)


def seen(console: Console) -> timedelta:
    with console.database.transaction() as connection:
        row = connection.execute("SELECT max(seen_at) AS at FROM session").fetchone()
    assert row is not None
    at: datetime = row["at"]
    return datetime.now(UTC) - at


def leave(console: Console) -> None:
    with console.database.transaction() as connection:
        connection.execute("UPDATE session SET seen_at = now() - %s", [AGO])


@pytest.mark.parametrize(("headers", "there"), [({}, True), ({"x-background": "live"}, False)])
def test_only_people_move_the_limit(console: Console, headers: dict[str, str], there: bool) -> None:
    browser = console.client(Role.COORDINATOR)
    leave(console)
    assert browser.get("/worklist", headers=headers).status_code == 200
    assert (seen(console) < AGO / 2) is there


def test_who_was_away_for_too_long_is_led_to_the_sign_in(console: Console) -> None:
    browser = console.client(Role.COORDINATOR)
    with console.database.transaction() as connection:
        connection.execute("UPDATE session SET seen_at = now() - interval '16 minutes'")
    answer = browser.get("/live", headers={"hx-request": "true"})
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/sign-in"
