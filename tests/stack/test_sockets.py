"""Events over WebSockets, of two servers of both apps behind real nginx: who listens hears all once; who does not only listen is told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tandem.launch.running_stack import RunningStack
from tests.support.accounts import SESSIONS, account
from tests.support.answers import mask_bytes
from tests.support.clients import HttpClient
from tests.support.events import change
from tests.support.sockets import ACCEPT, BOUND, PING, PONG, TEXT, Listener, frame
from tests.support.waiting import eventually
from userdb import sockets

pytestmark = pytest.mark.usefixtures("processes")


def heard(listener: Listener, times: int = 1) -> list[dict[str, object]]:
    """What is told up to so many removed users."""
    found: list[dict[str, object]] = []
    while sum(each["type"] == "removed" for each in found) < times:
        found.append(listener.message())
    return found


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    """What is open until the end of the test."""
    with ExitStack() as found:
        yield found


def test_all_who_listen_hear_the_same_until_the_servers_end(both: list[RunningStack], opened: ExitStack) -> None:
    listeners = [opened.enter_context(Listener(each.port)) for each in both for _ in range(2)]
    for each in listeners:
        assert f"\r\nSec-WebSocket-Accept: {ACCEPT}\r\n".encode() in each.head, each.head
        assert each.message() == {"id": 0, "type": "began", "data": {}}
    users = [change(HttpClient("127.0.0.1", each.port)) for each in both]
    found = [heard(each, 2) for each in listeners]
    assert all(each == found[0] for each in found)
    assert [each["id"] for each in found[0]] == list(range(1, 9))
    assert [each["data"] for each in found[0] if each["type"] == "removed"] == [
        {"user_id": user, "version": 2} for user in users
    ]
    for stack, query, headers in (
        (both[0], "?last_event_id=5", {}),
        (both[1], "", {"Last_Event_ID": "5"}),
        (both[0], "", {"Last_Event_ID": "5"}),
        (both[1], "?last_event_id=5", {"Last_Event_ID": "2"}),
    ):
        listener = opened.enter_context(Listener(stack.port, query, **headers))
        listeners.append(listener)
        assert listener.message() == {"id": 5, "type": "began", "data": {}}
        assert heard(listener) == found[0][5:]
    for stack in both:
        for server in stack.servers:
            server.terminate()
    assert [each.ending() for each in listeners] == [(1001, "The server ends: come again in a second.")] * 8
    assert all(server.wait(BOUND) for stack in both for server in stack.servers)


ILL = {
    "a message": (frame(TEXT, b"hello"), 1003),
    "garbage": (b"GET / HTTP/1.1\r\n\r\n", 1002),
    "no mask": (frame(TEXT, b"hello", mask=False), 1002),
    "no such frame": (frame(5), 1002),
    "a large control frame": (frame(PING, bytes(126)), 1002),
    "a message that is not UTF-8": (frame(TEXT, b"\xff"), 1007),
    "a large message": (frame(TEXT, bytes(100_000)), 1009),
    "a message that claims to be endless": (frame(TEXT, bytes(100_000), length=2**62), 1009),
    "pings without end": (frame(PING) * 20_000, 1009),
}


@pytest.mark.parametrize("what", ILL)
@pytest.mark.parametrize("name", ["wsgi-gthread", "asgi"])
def test_who_does_not_only_listen_is_told_and_nobody_else_notices(
    stack: Callable[[str], RunningStack], name: str, what: str
) -> None:
    data, code = ILL[what]
    port = stack(name).port
    with Listener(port) as other, Listener(port) as listener:
        assert listener.message()["type"] == other.message()["type"] == "began"
        listener.send(frame(PING, b"are you there?"))
        assert listener.frame() == (PONG, b"are you there?")
        listener.send(data)
        assert listener.ending()[0] == code
        other.send(frame(PING))
        assert other.frame() == (PONG, b"")


def cookie() -> str:
    """That of somebody who is logged in."""
    return f"session={SESSIONS.token(SESSIONS.begin(account()))}"


def refusal(port: int, query: str = "", **headers: str) -> tuple[int, bytes, bytes]:
    """What somebody gets who is refused: status, head and body, without what differs between two requests."""
    with Listener(port, query, **headers) as listener:
        size = re.search(rb"Content-Length: (\d+)", listener.head)
        assert size
        return listener.status, mask_bytes(listener.head), mask_bytes(listener.read(int(size[1])))


REFUSED: list[tuple[int, str, dict[str, str]]] = [
    (426, "", {"Upgrade": ""}),
    (426, "", {"Upgrade": "h2c"}),
    (426, "", {"Connection": "keep-alive"}),
    (426, "", {"Sec_WebSocket_Version": ""}),
    (426, "", {"Sec_WebSocket_Version": "8"}),
    (400, "", {"Sec_WebSocket_Key": ""}),
    (400, "", {"Sec_WebSocket_Key": "short"}),
    (422, "?last_event_id=x", {}),
    (422, "?last_event_id=9223372036854775808", {}),
    (422, "?last_event_id=1&last_event_id=2", {}),
    (422, "?after=1", {}),
    (422, "", {"Last_Event_ID": "x"}),
    (403, "", {"Cookie": cookie(), "Origin": "https://example.org"}),
    (403, "", {"Cookie": cookie(), "Sec_Fetch_Site": "cross-site"}),
    (403, "", {"Cookie": cookie(), "Origin": "null"}),
]


def test_both_refuse_alike_before_they_change_and_serve_the_next(stack: Callable[[str], RunningStack]) -> None:
    ports = [stack(name).port for name in ("wsgi-gthread", "asgi")]
    for status, query, headers in REFUSED:
        one, other = (refusal(port, query, **headers) for port in ports)
        assert one == other
        assert one[0] == status, (query, headers, one)
        assert b"application/problem+json" in one[1]
        assert (b"\r\nupgrade: websocket\r\n" in one[1]) == (status == 426)
        assert {HttpClient("127.0.0.1", port).request("GET", "/healthz").status for port in ports} == {200}
    for port in ports:
        for headers in (
            {"Cookie": cookie(), "Origin": f"http://localhost:{port}", "Host": f"localhost:{port}"},
            {"Origin": "https://example.org"},
        ):
            with Listener(port, **headers) as listener:
                assert listener.message()["type"] == "began"


def test_streams_and_sockets_share_the_places_and_give_them_back(both: list[RunningStack]) -> None:
    port = both[0].port
    with ExitStack() as opened:
        for each in [opened.enter_context(Listener(port)) for _ in range(4)]:
            assert each.message()["type"] == "began"
        status, head, body = refusal(port)
        assert (status, json.loads(body)["detail"]) == (503, "Too many are listening.")
        assert b"\r\nretry-after: 1\r\n" in head
        assert HttpClient("127.0.0.1", port).request("GET", "/api/events").status == 503
        assert HttpClient("127.0.0.1", port).request("GET", "/api/users/7").status == 200
    assert eventually(lambda: HttpClient("127.0.0.1", port).request("HEAD", "/api/events").status == 200)


@pytest.mark.parametrize("name", ["wsgi-gthread", "asgi"])
def test_who_answers_no_ping_is_sent_away(stack: Callable[[str], RunningStack], name: str) -> None:
    with Listener(stack(name).port) as listener:
        assert listener.message()["type"] == "began"
        assert listener.frame()[0] == PING
        assert listener.ending() == sockets.IS_SILENT
