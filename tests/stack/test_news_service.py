"""What the news service and impatient clients can do to a real stack: who hangs up, and answers that never end."""

from __future__ import annotations

import re
import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import pytest

from tandem.launch import running_stack
from tandem.launch.running_stack import RunningStack
from tandem.observe import kernel, usage
from tandem.plan import stacks as tandem_stacks
from tests.support.clients import HttpClient
from tests.support.raw import request
from tests.support.stacks import environment_for

pytestmark = pytest.mark.usefixtures("processes")

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
ITEMS = b'{"items": []}'
GOOD = OK + b"Content-Length: %d\r\n\r\n" % len(ITEMS) + ITEMS
PIECE = bytes(65_536)
PIECES = 6400
"""So many make 400 MB."""

PATIENT, LARGE, BOMB = 7, 8, 9
"""Users about whom the service says nothing for long, 400 MB, and 400 MB that come as 2 MB."""

ENOUGH = 30.0
"""Seconds in which a call that was cancelled has ended; without that it would wait for NEWS_TIMEOUT, 60 s."""


class Service:
    """A news service; it notes what its clients do while they wait."""

    def __init__(self) -> None:
        self.asked, self.left, self.answer = threading.Event(), threading.Event(), threading.Event()

    def serve(self, connection: socket.socket) -> None:
        """Answer one client until it goes."""
        with connection, suppress(OSError):
            while question := connection.recv(65_536):
                self.reply(connection, int(re.findall(rb"user=user0*(\d+)", question)[0]))

    def reply(self, connection: socket.socket, user: int) -> None:
        if user == LARGE:
            connection.sendall(OK + b"Content-Length: %d\r\n\r\n" % (len(PIECE) * PIECES))
            for _ in range(PIECES):
                connection.sendall(PIECE)
        elif user == BOMB:
            connection.sendall(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb()) + bomb())
        else:
            if user == PATIENT:
                self.wait(connection)
            connection.sendall(GOOD)

    def wait(self, connection: socket.socket) -> None:
        """Wait for the test to let the answer go; raises OSError where the client leaves before."""
        self.asked.set()
        connection.settimeout(0.05)
        while not self.answer.is_set():
            with suppress(TimeoutError):
                connection.recv(1)  # nothing more is asked meanwhile: this is its end
                self.left.set()
                raise ConnectionResetError
        connection.settimeout(None)


@cache
def bomb() -> bytes:
    """400 MB, compressed."""
    packer = zlib.compressobj(level=1, wbits=31)
    return b"".join([*(packer.compress(PIECE) for _ in range(PIECES)), packer.flush()])


@contextmanager
def listening(service: Service) -> Iterator[str]:
    """Serve it; gives its URL."""
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threads.append(threading.Thread(target=service.serve, args=[server.accept()[0]]))
                    threads[-1].start()

        threads.append(threading.Thread(target=accept))
        threads[0].start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/news"
        finally:
            service.answer.set()
            server.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join()


@pytest.fixture(params=["wsgi-gthread", "asgi"])
def running(request: pytest.FixtureRequest, seeded: Path, tmp_path: Path) -> Iterator[tuple[RunningStack, Service]]:
    """Each stack in turn with such a service."""
    service = Service()
    with listening(service) as url:
        place = environment_for(tmp_path, seeded, url, NEWS_TIMEOUT="60")
        with running_stack.running(request.param, tandem_stacks.load([])[request.param], place) as stack:
            yield stack, service


def peak_bytes(stack: RunningStack) -> int:
    """The most memory that any process of its servers ever had."""
    found = [(kernel.PROC / str(pid) / "status").read_text() for pid in usage.below(stack.keepers())]
    return max(int(re.findall(r"VmHWM:\s+(\d+)", text)[0]) for text in found) * 1024


def test_who_hangs_up_and_who_answers_too_much(running: tuple[RunningStack, Service]) -> None:
    """Through nginx: the ASGI app cancels the call that nobody waits for, the WSGI app finishes it; memory is bounded."""
    stack, service = running
    client = HttpClient("127.0.0.1", stack.port)
    before = peak_bytes(stack)
    for user in (LARGE, BOMB):
        assert client.request("GET", f"/api/users/{user}/news").status == 502
    assert peak_bytes(stack) - before < 50_000_000
    with socket.create_connection(("127.0.0.1", stack.port)) as impatient:
        impatient.sendall(request("GET", f"/api/users/{PATIENT}/news"))
        assert service.asked.wait(ENOUGH)
    assert service.left.wait(ENOUGH if stack.name == "asgi" else 1) == (stack.name == "asgi")
    service.answer.set()
    assert client.request("GET", f"/api/users/{PATIENT}/news").status == 200
