"""Passwords: what is refused, and that somebody unknown takes as long as somebody known."""

import time
from uuid import uuid4

import pytest

from gateway.access.passwords import WeakPassword, hashed, is_right, is_weaker_than_now
from gateway.access.site_key import KeyMissing, SiteKey

PASSWORD = "a long way to the lighthouse"


@pytest.mark.parametrize("password", ["", "short", "x" * 12, "abcabcabcabcabc", "x" * 201])
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        hashed(password)


def test_a_password_is_right_or_not() -> None:
    stored = hashed(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert is_right(PASSWORD, stored)
    assert not is_right(PASSWORD + "!", stored)
    assert not is_right(PASSWORD, None)
    assert not is_right(PASSWORD, "no hash")
    assert not is_weaker_than_now(stored)


def test_nobodys_password_costs_as_much() -> None:
    def least(stored: str | None) -> float:
        times = []
        for _ in range(5):
            began = time.thread_time()
            is_right("wrong", stored)
            times.append(time.thread_time() - began)
        return min(times)

    known, unknown = least(hashed(PASSWORD)), least(None)
    assert unknown > known / 2


def test_a_sealed_secret_is_of_one_person_and_one_key() -> None:
    key, person = SiteKey(b"k" * 32), uuid4()
    sealed = key.seal(person, "secret")
    assert key.unseal(person, sealed) == "secret"
    for other, who in ((key, uuid4()), (SiteKey(b"x" * 32), person)):
        with pytest.raises(KeyMissing):
            other.unseal(who, sealed)
    assert key.digest("recovery", "a") != key.digest("account", "a")
