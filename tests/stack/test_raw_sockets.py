"""Bytes that no library would send: nginx stops them or tidies them up, and the stacks agree on the rest."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress

import pytest

from tandem.launch.running_stack import RunningStack
from tests.support.answers import mask_bytes
from tests.support.exchanges import EXCHANGES, JSON, LAST
from tests.support.raw import sent
from tests.support.stacks import DIRECT, STACKS

Stack = Callable[[str], RunningStack]


@pytest.mark.parametrize("what", EXCHANGES)
def test_every_stack_gives_the_same_bytes(stack: Stack, what: str) -> None:
    data, statuses = EXCHANGES[what]
    first, *others = (mask_bytes(sent(stack(name).port, data)) for name in (*STACKS, *DIRECT))
    assert [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", first)] == statuses
    for other in others:
        assert other == first


@pytest.mark.parametrize("path", ["/api/users", "/users"])
def test_a_control_character_in_a_header_reaches_no_app(stack: Stack, path: str) -> None:
    """The one refusal that nginx has no means to make itself: a server makes it, and nginx gives the answer."""
    for character in (*range(1, 9), 11, 12, *range(14, 32), 127):
        data = f"GET {path} HTTP/1.1\r\nX-Odd: a{chr(character)}b\r\n".encode() + LAST + b"\r\n"
        first, *others = (mask_bytes(sent(stack(name).port, data)) for name in (*STACKS, *DIRECT))
        assert first.startswith(b"HTTP/1.1 400 "), character
        assert b"The request is malformed." in first
        assert (b"application/problem+json" if "api" in path else b"text/html") in first
        for other in others:
            assert other == first


def test_a_body_that_never_ends_is_given_up_and_keeps_no_one_waiting(stack: Stack) -> None:
    """A client that promises a body and sends none of it occupies nginx, and no thread or slot of an app."""
    head = b"POST /api/users HTTP/1.1\r\n" + LAST + JSON + b"Content-Length: 100\r\n\r\n{"
    slow = 40  # more than wsgi-gthread has threads
    with ExitStack() as connections:
        waiting = []
        for name in STACKS:
            for _ in range(slow):
                connection = socket.create_connection(("127.0.0.1", stack(name).port), timeout=60)
                waiting.append(connections.enter_context(connection))
                connection.sendall(head)
        for name in STACKS:
            for number in range(slow):  # one byte more of each now and then is no more than a promise, too
                waiting[STACKS.index(name) * slow + number].sendall(b" ")
            assert sent(stack(name).port, b"GET /api/users/7 HTTP/1.1\r\n" + LAST + b"\r\n", 20.0).startswith(
                b"HTTP/1.1 200"
            )
        for connection in waiting:  # given up: nginx resets the connection, or just closes it
            with suppress(ConnectionResetError):
                assert connection.recv(1) == b""
