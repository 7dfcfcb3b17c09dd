"""Settings and what people type: what is wrong is said at once, and a password never."""

import pytest

from gateway.cli import given
from gateway.errors import WrongInput
from gateway.settings import load_settings
from gateway.storage.database import Database


@pytest.mark.parametrize("shards", ["", "zz", "A", "00", "0 1", "0123456789abcdef0"])
def test_shards_are_distinct_lower_case_digits(
    monkeypatch: pytest.MonkeyPatch, shards: str
) -> None:
    monkeypatch.setenv("HEARTHLINE_INGEST_SHARDS", shards)
    with pytest.raises(WrongInput, match="HEARTHLINE_INGEST_SHARDS: name each shard once"):
        load_settings()


def test_some_shards_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTHLINE_INGEST_SHARDS", "c04")
    assert load_settings().ingest_shards == "c04"


@pytest.mark.parametrize("host", ["", "a b", "x\nallow_anonymous true", "bücher.example"])
def test_a_host_cannot_write_the_brokers_configuration(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("HEARTHLINE_BROKER_HOST", host)
    with pytest.raises(WrongInput, match="HEARTHLINE_BROKER_HOST"):
        load_settings()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "?bad=sekret",
        "postgres:sekret@db/x",
        "postgresql://u:sekret@db/x?bad=1",
        "postgresql://u:sekret%zz@db/x",
        "postgresql://u:sekret@[db/x",
        "postgresql://u:sekret\udcff@db/x",
        "host=db password=sekret",
        "mysql://u:sekret@db/x",
    ],
)
def test_a_wrong_database_url_is_not_quoted(url: str) -> None:
    with pytest.raises(WrongInput, match="HEARTHLINE_DATABASE_URL is not a PostgreSQL") as caught:
        Database(url)
    assert "sekret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_database_does_not_print_its_password() -> None:
    assert "sekret" not in repr(Database("postgresql://u:sekret@db/x"))


@pytest.mark.parametrize("name", ["", " ", "\udcff", "a\nb", "\x1b[2J", "\x00"])
def test_a_name_is_text(name: str) -> None:
    with pytest.raises(WrongInput, match="A name"):
        given.name(name)


def test_names_of_all_scripts_are_names() -> None:
    for name in ("Ada L.", "Zoë Ångström", "नेहा \u200dक्‍ष", "李 小龙", "O\u00a0Neill"):
        assert given.name(f" {name} ") == name


def test_an_address_is_told_as_hubs_write_it() -> None:
    assert given.address("c0:ff:ee:00:00:01") == "C0:FF:EE:00:00:01"


@pytest.mark.parametrize("text", ["", "ZZ", "C0FFEE000001", "C0:FF:EE:00:00:0G", "C0:FF:EE:00:00"])
def test_a_wrong_address_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(WrongInput) as caught:
        given.address(text)
    assert not text or text not in str(caught.value).replace("C0:FF:EE:00:00:01", "")
