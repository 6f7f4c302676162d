"""Two servers of both apps on one database, behind real nginx: all who listen hear the same, at once, until the servers end."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator

import pytest

from tandem.launch.running_stack import RunningStack
from tests.support.clients import HttpClient
from tests.support.events import EVENT, change

pytestmark = pytest.mark.usefixtures("processes")

BOUND = 60.0
"""Seconds in which anything here must have come; far more than it takes."""


@pytest.fixture
def connections() -> Iterator[list[http.client.HTTPConnection]]:
    """Those that are open; all are closed at the end."""
    found: list[http.client.HTTPConnection] = []
    yield found
    for connection in found:
        connection.close()


def listening(opened: list[http.client.HTTPConnection], port: int, last: str = "") -> http.client.HTTPResponse:
    """An answer that has begun."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=BOUND)
    opened.append(connection)
    connection.request("GET", "/api/events", headers={"Last-Event-ID": last} if last else {})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream")
    return answer


def until(answer: http.client.HTTPResponse, end: bytes) -> bytes:
    """What comes, up to an event: each at once, for nothing comes after it but heartbeats."""
    found = answer.readline()
    while end not in found:
        line = answer.readline()
        assert line, found
        found += line
    return found + answer.readline() + answer.readline()  # its data, and the empty line


def test_all_who_listen_hear_the_same_until_the_servers_end(
    both: list[RunningStack], connections: list[http.client.HTTPConnection]
) -> None:
    listeners = [listening(connections, each.port) for each in both for _ in range(3)]
    heads = [b"".join(listener.readline() for _ in range(3)) for listener in listeners]
    assert set(heads) == {b"retry: 1000\nid: 0\n\n"}
    users = [change(HttpClient("127.0.0.1", each.port)) for each in both]
    heard = [until(listener, b"event: removed") + until(listener, b"event: removed") for listener in listeners]
    found = [EVENT.findall(each) for each in heard]
    assert all(each == found[0] for each in found)
    assert [int(number) for number, *_ in found[0]] == list(range(1, 9))
    assert [int(user) for _, kind, user, _ in found[0] if kind == b"removed"] == users
    again = listening(connections, both[0].port, "5")
    assert EVENT.findall(until(again, b"event: removed")) == found[0][5:]
    for stack in both:
        for server in stack.servers:
            server.terminate()
    rests = [listener.read() for listener in [*listeners, again]]  # raises where the last chunk is missing
    assert all(re.fullmatch(rb"(:\n\n)*", rest) for rest in rests)
    assert all(server.wait(BOUND) for stack in both for server in stack.servers)


def test_no_more_than_its_places_are_held(
    both: list[RunningStack], connections: list[http.client.HTTPConnection]
) -> None:
    port = both[0].port
    assert all(listening(connections, port).readline() for _ in range(4))
    assert json.loads(HttpClient("127.0.0.1", port).request("GET", "/api/events").body)["status"] == 503
    assert HttpClient("127.0.0.1", port).request("GET", "/api/users/7").status == 200
