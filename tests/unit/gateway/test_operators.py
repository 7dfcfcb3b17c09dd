"""Operators hear of sealing keys that nobody has changed in time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs

from gateway.identity import keys
from gateway.identity.files import make_site_keys
from gateway.identity.keys_due import ROTATE_EVERY
from gateway.identity.root import make_root, read_root_key, trust_root
from gateway.operators import Alarm, overdue_keys, remind
from gateway.settings import Settings
from gateway.storage.database import Connection

MADE = datetime(2026, 11, 22, 7, tzinfo=UTC)
DUE = MADE + ROTATE_EVERY
SECOND = timedelta(seconds=1)
NOBODY = cast("Connection", None)


@pytest.fixture
def site(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path)
    make_site_keys(settings.keys, ["127.0.0.1"], MADE)
    return settings


def test_a_key_of_each_suite_is_overdue_when_ninety_days_are_over(site: Settings) -> None:
    assert overdue_keys(site.keys, DUE - SECOND) == []
    assert [one.since for one in overdue_keys(site.keys, DUE)] == [DUE, DUE]


def test_a_rotation_ends_it(site: Settings, tmp_path: Path) -> None:
    make_root(tmp_path / "root")
    root = read_root_key(tmp_path / "root")
    trust_root(site.keys, root.public_key())
    keys.rotate(site.keys, root, DUE)
    assert overdue_keys(site.keys, DUE + SECOND) == []
    assert len(overdue_keys(site.keys, DUE + ROTATE_EVERY)) == 2


def test_the_worker_tells_it_once_a_day(site: Settings) -> None:
    alarm = Alarm(site.keys)
    with capture_logs() as told:
        for days in (-1.0, 0.0, 0.5, 0.9, 1.0, 2.1):
            alarm.look(NOBODY, DUE + timedelta(days=days))
    assert [(one["log_level"], one["event"], one["days"]) for one in told] == [
        ("error", "sealing_key_overdue", days) for days in (0, 0, 1, 1, 2, 2)
    ]


def test_commands_say_it_on_standard_error(
    site: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    remind(site, DUE - SECOND)
    assert capsys.readouterr() == ("", "")
    remind(site, DUE)
    out, said = capsys.readouterr()
    assert out == ""
    assert said.count("was to be changed by 2027-02-20. Run `hearthline-gateway keys rotate`") == 2


def test_where_the_keys_are_elsewhere_nothing_is_told(tmp_path: Path) -> None:
    assert overdue_keys(tmp_path / "nothing", DUE) == ()
    (tmp_path / "public.json").write_text("{")
    assert Alarm(tmp_path).look(NOBODY, DUE) == 0
