"""The client over real connections: what servers do with them, and that each request is accounted for once, as it went."""

from __future__ import annotations

import socket
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import gevent
import pytest
from gevent.event import Event

from openloop.answer import Answer, Received, equal
from openloop.arrival import DROPPED, FAILED, OK, UNFINISHED, Arrival
from openloop.client import Client
from openloop.request import Request
from tests.support.scripted import Server, scripted
from tests.support.waiting import PATIENCE

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: a\r\n\r\nhello"


class Driven:
    """A client of such a server."""

    def __init__(self, server: Server, timeout: float) -> None:
        self.server, self.recorded, self.told = server, list[Arrival](), list[Received | None]()
        self.client = Client(
            server.url,
            timeout=timeout,
            is_closed=False,
            record=lambda arrival, _: self.recorded.append(arrival),
            tell=lambda arrival, request, received: self.told.append(received),
            stumbled=lambda request, error: None,
        )

    def ask(self, method: str = "GET", check: Callable[[Answer], object] = lambda answer: None) -> Arrival:
        """Send one request and wait for what becomes of it."""
        arrival, over = Arrival(len(self.recorded), time.monotonic(), self.client.in_flight), Event()
        self.client.send(arrival, Request(method, "/a", "/a", check), over.set)
        assert over.wait(PATIENCE)
        return arrival

    @property
    def answer(self) -> Received:
        """The last one."""
        answer = self.told[-1]
        assert answer is not None
        return answer


@contextmanager
def driven(*scripts: Sequence[object], timeout: float = PATIENCE) -> Iterator[Driven]:
    with scripted(*scripts) as server:
        driven = Driven(server, timeout)
        try:
            yield driven
        finally:
            driven.client.close()


def chunked(*parts: bytes) -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body


GZIPPED = zlib.compress(b"hello", wbits=31)
FORMS: dict[str, object] = {
    "in one piece": ANSWER,
    "byte by byte": tuple(part for at in range(len(ANSWER)) for part in (ANSWER[at : at + 1], 0.0005)),
    "in chunks": chunked(b"he", b"l", b"lo"),
    "after an interim answer": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ANSWER,
    "compressed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(GZIPPED) + GZIPPED,
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_an_answer_on_a_connection_that_stays(form: str) -> None:
    with driven([FORMS[form]] * 3) as found:
        for _ in range(3):
            arrival = found.ask(check=lambda answer: equal("content", b"hello", answer.content))
            assert (arrival.outcome, arrival.status, arrival.reason) == (OK, 200, "")
            assert arrival.due <= arrival.sent <= arrival.end
    assert len(found.server.heads) == 3


def test_what_is_sent() -> None:
    with driven(
        [ANSWER, b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", ANSWER]
    ) as found:
        found.ask()
        assert (found.ask("DELETE").status, found.answer.content) == (204, b"")
        assert (found.ask("HEAD").status, found.answer.headers.get("Content-Length")) == (200, "9")
        assert found.ask().outcome == OK
    host = found.server.url.removeprefix("http://")
    usual = f"User-Agent: openloop\r\nAccept-Encoding: gzip, deflate\r\nHost: {host}\r\n\r\n"
    assert found.server.heads[0].decode() == f"GET /a HTTP/1.1\r\n{usual}"


@pytest.mark.parametrize("end", [b"Connection: close\r\nContent-Length: 5\r\n", b""])
def test_a_connection_that_ends_with_its_answer(end: bytes) -> None:
    """Also where its end is all that tells the length."""
    answer = b"HTTP/1.1 200 OK\r\n" + end + b"\r\nhello"
    with driven([answer], [answer]) as found:
        for _ in range(2):
            assert found.ask().outcome == OK
            assert found.answer.content == b"hello"


def test_a_connection_that_was_given_up_while_nothing_was_asked() -> None:
    """Whatever is asked next takes another one, also what must not be sent twice."""
    with driven([ANSWER, None], [ANSWER]) as found:
        assert found.ask("POST").outcome == OK
        gevent.sleep(0.05)
        assert found.ask("POST").outcome == OK


@pytest.mark.parametrize(("method", "sent"), [("GET", 2), ("POST", 1)])
def test_a_kept_connection_that_closes_unanswered(method: str, sent: int) -> None:
    """The server may have given it up: the request is sent once more, unless it could change something twice."""
    with driven([ANSWER, ()], [ANSWER]) as found:
        found.ask()
        arrival = found.ask(method)
        assert len(found.server.heads) == 1 + sent
        assert arrival.outcome == (OK if method == "GET" else FAILED)
        assert arrival.reason.startswith("no whole answer: ConnectionResetError") or method == "GET"
        if method == "POST":
            assert found.ask().outcome == OK
    assert len(found.recorded) == len(found.told) == 4 - sent


def test_a_new_connection_that_closes_unanswered_is_a_failure_at_once() -> None:
    with driven([()]) as found:
        arrival = found.ask()
    assert (arrival.outcome, arrival.status, len(found.server.heads)) == (FAILED, 0, 1)


def test_an_answer_that_came_unasked_is_nobodys() -> None:
    """Neither the one that follows an answer, whole or in part, nor one to an idle connection is taken for the next."""
    other = ANSWER.replace(b"hello", b"other")
    with driven([ANSWER + other], [ANSWER + other[:20]], [(ANSWER, 0.05, other)], [ANSWER]) as found:
        for number in range(4):
            assert found.ask().outcome == OK
            assert found.answer.content == b"hello"
            gevent.sleep(0.2 * (number == 2))
    assert len(found.server.heads) == 4


@pytest.mark.parametrize(
    "wrong",
    [
        ANSWER[:-1],
        b"SSH-2.0\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n",
        ANSWER.replace(b"hello", b"hellohello"),
        b"HTTP/1.1 200 OK\r\nContent-Encoding: zip\r\nContent-Length: 1\r\n\r\na",
    ],
)
def test_half_an_answer_and_more_than_one(wrong: bytes) -> None:
    """A cut answer is a failure; what follows a whole one spoils the connection, not the answer."""
    is_whole = wrong.endswith(b"hellohello")
    with driven([wrong], [ANSWER]) as found:
        assert found.ask().outcome == (OK if is_whole else FAILED)
        assert found.ask().outcome == OK
        assert found.answer.content == b"hello"


def test_time_is_over() -> None:
    """Whatever had come by then, and for each request from when it was sent."""
    with driven([(ANSWER[:-1], None)], [(None,)], [ANSWER], timeout=0.3) as found:
        arrivals = [Arrival(number, time.monotonic(), number) for number in range(2)]
        overs = [Event(), Event()]
        for arrival, over in zip(arrivals, overs, strict=True):
            found.client.send(arrival, Request("GET", "/a", "/a", lambda answer: None), over.set)
            gevent.sleep(0.1)
        assert all(over.wait(PATIENCE) for over in overs)
        assert found.ask().outcome == OK
    for arrival in arrivals:
        assert (arrival.outcome, arrival.status, arrival.reason) == (FAILED, 0, "no answer within 0.3 s")
        assert arrival.end - arrival.sent >= 0.3
    assert arrivals[1].end - arrivals[0].end > 0.05, "each at its own time"


def test_nobody_listens() -> None:
    with driven() as found:
        found.server.thread.join(PATIENCE)
        arrival = found.ask()
    assert arrival.outcome == FAILED
    assert "ConnectionRefusedError" in arrival.reason


def test_the_end_of_the_run() -> None:
    """What has no answer then is unfinished, on its way or not yet connected, and nothing follows."""
    with driven([(None,)], [(None,)]) as found:
        for number in range(2):
            found.client.send(
                Arrival(number, 0.0, number), Request("GET", "/a", "/a", lambda answer: None), lambda: None
            )
            gevent.sleep(0.05 * (1 - number))
        assert found.client.in_flight == 2
        found.client.drop(Arrival(2, 7.0, 2), Request("GET", "/a", "/a", lambda answer: None))
        found.client.close()
        assert found.client.in_flight == 0
        assert [arrival.outcome for arrival in found.recorded] == [DROPPED, UNFINISHED, UNFINISHED]
        socket.create_connection(("127.0.0.1", found.server.port)).close()


def test_a_request_larger_than_a_connection_takes_at_once() -> None:
    """It is sent in parts, and the connection stays."""
    taken: list[bytes] = []

    def take(connection: socket.socket) -> None:
        while not taken or not taken[-1].endswith(b'"}'):
            taken.append(connection.recv(1 << 20))

    body = {"text": "x" * 10_000_000}
    with driven([(take, ANSWER), ANSWER]) as found:
        over = Event()
        found.client.send(Arrival(0, 0.0, 0), Request("POST", "/a", "/a", lambda answer: None, body), over.set)
        assert over.wait(PATIENCE)
        assert len(found.server.heads[0]) + sum(map(len, taken)) > 10_000_000
        assert found.ask().outcome == OK


@pytest.mark.parametrize("path", ["/a b", "/a\r\nX: y", "a", "/\x00"])
def test_what_is_no_request_is_not_sent(path: str) -> None:
    with driven() as found:
        over = Event()
        arrival = Arrival(0, 0.0, 0)
        found.client.send(arrival, Request("GET", path, "/a", lambda answer: None), over.set)
        assert over.is_set()
    assert arrival.outcome == FAILED
