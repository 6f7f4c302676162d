"""Threaded servers: slots that are all taken, and requests that wait for one where nobody sees them."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import create_environ

from stalls import backlog, summary
from stalls.executor import time_queue
from stalls.record import Stall
from stalls.wsgi import StallsMiddleware, waited
from tandem.launch import ports
from tandem.paths import PROJECT

HELD = 0.3


def sleeping(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """An app that holds its slot."""
    time.sleep(float(environ["QUERY_STRING"] or HELD))
    start_response("200 OK", [])
    return [b"hello"]


def failing(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    time.sleep(HELD)
    raise RuntimeError("no")


def parts(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterator[bytes]:
    """An app that takes its time when its answer is sent."""
    start_response("200 OK", [])
    yield b"hello"
    time.sleep(HELD)  # the second part


@contextmanager
def told(app: Any, **more: Any) -> Iterator[tuple[StallsMiddleware, list[Stall]]]:
    """A middleware round an app, and the stalls that it has told of in the end."""
    stalls: list[Stall] = []
    middleware = StallsMiddleware(app, stalls.append, threshold=0.05, **more)
    yield middleware, stalls
    middleware.stop()


def ask(app: Any, multithread: bool = True, query: str = "", **more: Any) -> float | None:
    """Ask an app as a server does, and return how long it says the request waited."""
    environ = create_environ("/items", query_string=query, multithread=multithread, environ_overrides=more)
    answer = app(environ, lambda status, headers: None)
    try:
        b"".join(answer)
    finally:
        answer.close()
    waited: float | None = environ["stalls.wait"]
    return waited


def of_kind(kind: str, stalls: list[Stall]) -> list[Stall]:
    return [stall for stall in stalls if stall.kind == kind]


@pytest.mark.parametrize("app", [sleeping, parts])
def test_one_slot(app: Any) -> None:
    """A worker that serves one request at a time is known by what it tells the app."""
    with told(app) as (middleware, stalls):
        ask(middleware, multithread=False)
    (stall,) = of_kind("slots", stalls)
    assert stall.lines[0].function == app.__name__
    assert stall.lines[0].inside == "sleep"
    assert stall.route == "GET /items"
    assert stall.seconds >= HELD


def test_free_slots_are_no_stall() -> None:
    with told(sleeping, slots=2) as (middleware, stalls):
        ask(middleware)
    assert stalls == []


def test_a_request_that_fails_leaves_its_slot() -> None:
    with told(failing, slots=2) as (middleware, stalls):
        for _ in range(2):
            with pytest.raises(RuntimeError):
                ask(middleware)
    assert stalls == []


def test_one_request_after_another() -> None:
    """A slot that is taken at once by the next request is not free in between."""
    with told(sleeping) as (middleware, stalls):
        for _ in range(30):
            ask(middleware, multithread=False, query="0.02")
    assert max(stall.callbacks for stall in of_kind("slots", stalls)) > 1


def test_the_queue_of_a_thread_pool() -> None:
    """Five requests for two threads: the number of slots is known, three waited, and for how long."""
    with told(sleeping) as (middleware, stalls), ThreadPoolExecutor(2) as threads:
        queue = time_queue(threads)
        waits = [threads.submit(ask, middleware) for _ in range(5)]
        assert queue.waiting() >= 1
        seconds = sorted(wait.result() or 0.0 for wait in waits)
    assert queue.waiting() == 0
    assert seconds[0] < seconds[2]
    assert all(second >= HELD * 0.9 for second in seconds[2:])
    assert len([stall for stall in of_kind("queue", stalls) if stall.seconds >= HELD * 0.9]) >= 3
    assert max(stall.waiting or 0 for stall in of_kind("slots", stalls)) >= 1
    assert max(stall.seconds for stall in of_kind("slots", stalls)) >= HELD * 0.9


def test_what_is_cancelled_waits_no_more() -> None:
    with ThreadPoolExecutor(1) as threads:
        queue = time_queue(threads)
        first, second = threads.submit(time.sleep, 0.1), threads.submit(time.sleep, 0.1)
        second.cancel()
        assert queue.waiting() <= 1
        first.result()
    assert queue.waiting() == 0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("t=1790000000.250", 0.75), ("1790000000250", 0.75), ("t=1790000000250000", 0.75), ("t=1790000001.05", 0.0),
        ("t=1780000000.0", None), ("t=1790000100.0", None), ("soon", None), ("t=nan", None), ("inf", None), ("", None),
        (None, None),
    ],
)  # fmt: skip
def test_when_nginx_began(header: str | None, seconds: float | None) -> None:
    assert waited(header, 1790000001.0) == (seconds if seconds is None else pytest.approx(seconds, abs=1e-5))


def test_a_wait_that_nginx_knows_of() -> None:
    with told(sleeping, slots=9) as (middleware, stalls):
        assert (ask(middleware, HTTP_X_REQUEST_START=f"t={time.time() - 2:.3f}", HTTP_X_REQUEST_ID="a") or 0) >= 1.9
    (stall,) = stalls
    assert (stall.kind, stall.request, stall.route, stall.seconds >= 1.9) == ("queue", "a", "GET /items", True)


def test_the_accept_queue() -> None:
    """What the kernel holds for a server that doesn't accept."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        port = server.getsockname()[1]
        assert backlog.accept_queue(port) == 0
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        assert backlog.accept_queue(port) == 3
        with socket.create_server(("127.0.0.1", 0)) as other:
            beside = other.getsockname()[1]
            assert backlog.accept_queues({port, beside}) == {port: 3, beside: 0}
        accepted, _ = server.accept()
        assert backlog.accept_queue(port) == 2
        for open_socket in (*clients, accepted):
            open_socket.close()
    assert backlog.accept_queue(port) is None


def test_the_accept_queue_as_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert backlog.main([str(server.getsockname()[1]), "--every", "0", "--lines", "2"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert (head, [line.partition(",")[2] for line in lines]) == ("at,waiting", ["0", "0"])
    free = ports.free_port()
    assert backlog.main([str(free), "--lines", "1"]) == 2
    assert f"port {free}" in capsys.readouterr().err


CONFIGURATION = (PROJECT / "stalls" / "README.md").read_text().partition("from stalls.executor")[2].partition("```")[0]
APP = f"""
import sys, time
sys.path.insert(0, {str(PROJECT)!r})
from stalls.wsgi import StallsMiddleware

def hello(environ, start_response):
    time.sleep({HELD})
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]

app = StallsMiddleware(hello, into="stalls.jsonl")
"""


@pytest.mark.usefixtures("processes")
def test_gunicorn(tmp_path: Path) -> None:
    """With the README's lines, and an app that was made before the fork: slots, queue, and the counts at the end."""
    (tmp_path / "shop.py").write_text(APP)
    head = f"import sys\nsys.path.insert(0, {str(PROJECT)!r})\nfrom stalls.executor"
    (tmp_path / "gunicorn.conf.py").write_text(head + CONFIGURATION)
    port = ports.free_port()
    options = ["--preload", "--threads", "2", "--no-control-socket", "--bind", f"127.0.0.1:{port}", "shop:app"]
    with subprocess.Popen([sys.executable, "-m", "gunicorn", *options], cwd=tmp_path) as process:
        wait_for(port)
        clients = [threading.Thread(target=get, args=(port,)) for _ in range(6)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    stalls = list(summary.read(tmp_path / "stalls.jsonl"))
    assert len([stall for stall in of_kind("queue", stalls) if stall.seconds >= HELD * 0.9]) >= 4
    longest = max(of_kind("slots", stalls), key=lambda stall: stall.seconds)
    assert (longest.lines[0].file, longest.lines[0].inside) == ("shop.py", "sleep")
    assert longest.waiting
    assert '"type": "counts"' in (tmp_path / "stalls.jsonl").read_text()


def wait_for(port: int) -> None:
    """Wait until a server listens, without asking it anything."""
    end = time.monotonic() + 30
    while backlog.accept_queue(port) is None:
        assert time.monotonic() < end
        time.sleep(0.05)


def get(port: int) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/")
        connection.getresponse().read()
