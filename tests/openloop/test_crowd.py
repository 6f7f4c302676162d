"""Clients that are the trouble themselves, over real connections: what they do, when they leave, and what is told of them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import gevent
import pytest

from openloop.arrival import FAILED, OK, UNFINISHED, Arrival
from openloop.client import Client
from openloop.crowd import Manner
from openloop.request import Request
from tests.support.waiting import PATIENCE

HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
LARGE = 64 << 20
"""Bytes, more than any kernel keeps for a connection."""


class Visited:
    """A server of one client: keeps what it was sent, answers with these bytes, or not at all, and waits for its leaving."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.got, self.taken, self.has_left = answer, b"", 0, False
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        with suppress(OSError), self.listening.accept()[0] as connection:
            while b"\r\n\r\n" not in self.got and (data := connection.recv(1024)):
                self.got += data
            for start in range(0, len(self.answer), 1024):
                connection.sendall(self.answer[start : start + 1024])
                self.taken += 1024
            connection.recv(1)
        self.has_left = True


@contextmanager
def visited(answer: bytes) -> Iterator[tuple[Visited, Client, list[Arrival]]]:
    found, recorded = Visited(answer), list[Arrival]()
    found.thread.start()
    client = Client(
        f"http://127.0.0.1:{found.listening.getsockname()[1]}",
        timeout=PATIENCE,
        is_closed=False,
        record=lambda arrival, _: recorded.append(arrival),
        tell=lambda arrival, request, received: None,
        stumbled=lambda request, error: None,
    )
    try:
        yield found, client, recorded
    finally:
        client.close()
        found.listening.close()


def came(client: Client, manner: Manner) -> None:
    request = Request("GET", "/a", "/a", lambda _: None, manner=manner)
    client.send(Arrival(-1, time.monotonic(), client.in_flight), request, lambda: None)


def told(recorded: list[Arrival], visitor: Visited) -> Arrival:
    with gevent.Timeout(PATIENCE):
        while not recorded or not visitor.has_left:
            gevent.sleep(0.005)
    return recorded[0]


@pytest.mark.parametrize(
    ("answer", "manner", "becomes"),
    [
        (b"", Manner(0.05), (OK, 0)),  # hangs up: that is what it came for
        (b"", Manner(0.05, served=True), (FAILED, 0)),  # stays, and was not let in
        (HEAD + b".", Manner(0.05, served=True), (OK, 200)),
        (b"HTTP/1.1 503 Full\r\n\r\n", Manner(0.05), (FAILED, 503)),
    ],
)
def test_one_leaves_when_it_is_to_leave(answer: bytes, manner: Manner, becomes: tuple[int, int]) -> None:
    with visited(answer) as (server, client, recorded):
        came(client, manner)
        assert client.in_flight == 0
        found = told(recorded, server)
    assert (found.outcome, found.status) == becomes
    assert found.end - found.sent >= 0.04  # gevent's timers go off a little early
    assert b"Connection: close\r\n" in server.got


def test_one_that_reads_slowly_holds_up_whoever_sends() -> None:
    with visited(HEAD + b"x" * LARGE) as (server, client, recorded):
        came(client, Manner(0.4, reads=2000))
        found = told(recorded, server)
    assert (found.outcome, found.status) == (OK, 200)
    assert server.taken < LARGE


def test_one_that_sends_slowly_has_not_asked_yet_when_it_leaves() -> None:
    with visited(HEAD) as (server, client, recorded):
        came(client, Manner(0.4, sends=20))
        found = told(recorded, server)
    assert (found.outcome, found.status) == (OK, 0)
    assert 0 < len(server.got) < 20
    assert b"GET /a HTTP/1.1".startswith(server.got)


def test_all_that_are_there_when_the_run_ends_are_sent_away_and_accounted_for() -> None:
    with visited(b"") as (_, client, recorded):
        for _ in range(3):
            came(client, Manner(PATIENCE))
        client.close()
    assert [each.outcome for each in recorded] == [UNFINISHED] * 3
