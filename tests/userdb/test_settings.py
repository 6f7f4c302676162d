"""Settings of accounts: read once, with defaults, and named where they make no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from userdb.settings import SettingsError, from_environment

A, B = "a" * 32, "b" * 32


@pytest.mark.parametrize(
    "name", ["SESSION_SECONDS", "LOGIN_ATTEMPTS", "LOGIN_WINDOW", "PASSWORD_WORKERS", "PASSWORD_QUEUE"]
)
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "1e3", "many", "١", "9" * 20, " 5"])
def test_a_number_that_makes_no_sense_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} must be a whole number from 1 to 1"):
        from_environment({name: value})


def test_what_is_not_said_has_a_default() -> None:
    found = from_environment({"SESSION_KEYS": "", "LOGIN_ATTEMPTS": ""})
    assert (found.session_keys, found.session_keys_file) == ((), Path("var/session-keys"))
    assert (found.session_seconds, found.login_attempts, found.login_window) == (12 * 3600, 10, 900)
    assert (found.password_queue, found.metrics_folder) == (8, None)
    assert found.password_workers >= 1


def test_what_is_said_counts() -> None:
    said = {
        "SESSION_SECONDS": "60",
        "LOGIN_ATTEMPTS": "3",
        "LOGIN_WINDOW": "7",
        "PASSWORD_WORKERS": "2",
        "PASSWORD_QUEUE": "5",
        "SESSION_KEYS_FILE": "a/file",
        "PROMETHEUS_MULTIPROC_DIR": "a/folder",
    }
    found = from_environment(said)
    assert (found.session_seconds, found.login_attempts, found.login_window) == (60, 3, 7)
    assert (found.password_workers, found.password_queue) == (2, 5)
    assert (found.session_keys_file, found.metrics_folder) == (Path("a/file"), Path("a/folder"))


@pytest.mark.parametrize("text", [f"{A},{B}", f"{A}\n{B}", f" {A} , {B} "])
def test_keys_in_the_environment(text: str) -> None:
    assert from_environment({"SESSION_KEYS": text}).session_keys == (A, B)


@pytest.mark.parametrize("text", ["short", ",", f"{A},short"])
def test_bad_keys_in_the_environment_are_named_and_not_shown(text: str) -> None:
    with pytest.raises(
        SettingsError, match=r"^SESSION_KEYS needs one or more keys of at least 32 characters"
    ) as caught:
        from_environment({"SESSION_KEYS": text})
    assert A not in str(caught.value)
    assert "short" not in str(caught.value)
