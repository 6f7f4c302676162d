"""Which target may be loaded."""

from __future__ import annotations

import pytest

from openloop.target import RefusedError, checked

THIS_MACHINE = [
    "http://127.0.0.1:8081",
    "http://localhost",
    "http://127.3.2.1:1/",
    "http://[::1]:80",
    "https://LOCALHOST",
]
ELSEWHERE = [
    "http://10.0.0.1",
    "http://0.0.0.0:8080",
    "http://example.org",
    "http://localhost.example.org",
    "http://127.0.0.1@example.org",
    "http://[::2]",
]


@pytest.mark.parametrize("host", THIS_MACHINE)
def test_this_machine(host: str) -> None:
    assert checked(host, "") == host.rstrip("/")


@pytest.mark.parametrize("host", ELSEWHERE)
def test_elsewhere(host: str) -> None:
    with pytest.raises(RefusedError, match=r"^(\S+) .* --allow-remote \1\.$"):
        checked(host, "other.example.org")


def test_a_host_that_was_named() -> None:
    assert checked("http://Test.example.org:80", "test.example.org") == "http://Test.example.org:80"


@pytest.mark.parametrize(
    "host",
    [
        "",
        None,
        "127.0.0.1:80",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:port",
        "http://[::1",
        "http://127.0.0.1/app",
    ],
)
def test_no_address(host: str | None) -> None:
    with pytest.raises(RefusedError, match=r" http://"):
        checked(host, "")
