"""Password hashes: what is kept, what it costs, and that nothing is told where there is none."""

from __future__ import annotations

import time
from statistics import median

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type

from userdb import passwords

HASH = passwords.hashed("battery staple")


def test_a_hash_is_argon2id_as_owasp_advises() -> None:
    for text in (HASH, passwords.SEEDED_HASH, passwords._NOBODY):
        found = extract_parameters(text)
        assert (found.type, found.time_cost, found.memory_cost, found.parallelism) == (Type.ID, 2, 19456, 1)
        assert (found.salt_len, found.hash_len) == (16, 32)
        assert len(text) <= 200  # what the column holds


def test_the_same_password_has_another_hash_each_time() -> None:
    assert passwords.hashed("battery staple") != HASH


@pytest.mark.parametrize("password", ["battery staple", "ü" * 128, "🐎\0\n ", " ", "x" * 4096])
def test_a_password_matches_its_hash_and_no_other_does(password: str) -> None:
    text = passwords.hashed(password)
    assert passwords.matches(text, password)
    assert not passwords.matches(text, password + "x")
    assert not passwords.matches(text, password[:-1])


def test_the_password_of_seeded_users() -> None:
    assert passwords.matches(passwords.SEEDED_HASH, passwords.SEEDED)
    assert not passwords.matches(passwords.SEEDED_HASH, passwords.SEEDED.upper())


@pytest.mark.parametrize(
    "text",
    ["", "x", "$argon2id$", HASH[:-1], HASH[:40], "$2b$12$" + "a" * 53, HASH.replace("v=19", "v=99")],
    ids=["nothing", "no hash", "no parameters", "cut off", "cut short", "bcrypt", "another version"],
)
def test_no_password_matches_what_is_no_hash(text: str) -> None:
    assert not passwords.matches(text, "battery staple")


def test_without_a_hash_no_password_is_right() -> None:
    for password in ("", "battery staple", passwords.SEEDED):
        assert passwords.matches(None, password) is False


def test_the_password_of_nobody_would_not_be_right_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_NOBODY", HASH)
    assert passwords.matches(HASH, "battery staple")
    assert not passwords.matches(None, "battery staple")


def test_finding_that_nobody_is_there_takes_as_long_as_that_a_password_is_wrong() -> None:
    """In CPU time, in turn: what else the machine does falls on both."""
    times: dict[str | None, list[float]] = {None: [], HASH: []}
    for _ in range(15):
        for text, taken in times.items():
            began = time.thread_time()
            passwords.matches(text, "wrong")
            taken.append(time.thread_time() - began)
    assert 0.5 < median(times[None]) / median(times[HASH]) < 2
