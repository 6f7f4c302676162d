"""The scripts that measure: what they conclude follows from what they saw, and the peers are whom the documents name."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import importlib
import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PEERS = sorted(path for path in (ROOT / "peers").glob("*.py") if path.name != "__init__.py")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a script of docs/measurements as the scripts import each other."""
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "measurements"))
    return importlib.import_module


@contextmanager
def answering() -> Iterator[int]:
    """A server by whose port every third answer is a 503."""
    numbers = count()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(503 if next(numbers) % 3 == 0 else 200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_what_is_not_200_is_told_apart(script: Any) -> None:
    asking = script("asking")
    with answering() as port:
        found = asking.turn(asking.Target(port, []), asking.reading(10), connections=2, seconds=0.3)
    assert 0.2 < found.bad < 0.45
    assert len(found.times) > 5
    assert 0 < found.p50_ms <= found.p99_ms <= found.p999_ms


@pytest.mark.parametrize(
    ("values", "at_most", "reached"),
    [
        ([0.2, 0.3, 0.2, 0.3, 0.2, 0.3], True, "yes"),
        ([0.2, 0.3, 0.2, 0.3, 0.2, 0.3], False, "**no**"),
        ([0.3, 0.5, 0.3, 0.5, 0.3, 0.5], True, "open"),
        ([0.1] * 5, True, "too few rounds"),
    ],
)
def test_a_line_is_reached_where_all_of_its_interval_is(
    script: Any, values: list[float], at_most: bool, reached: str
) -> None:
    assert script("tuned").Row("something", values, 0.4, at_most=at_most).reached() == reached


def locked() -> dict[str, str]:
    """The versions of requirements/peers.txt, for this Python."""
    text = (ROOT / "requirements" / "peers.txt").read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


def test_every_peer_is_measured_and_documented(script: Any) -> None:
    measured = {module for _, module in script("frameworks").PEERS.values()}
    assert measured == {path.stem for path in PEERS}
    described = set(re.findall(r"^\| `(\w+)\.py`", (ROOT / "peers" / "README.md").read_text(), re.MULTILINE))
    assert described == measured


@pytest.mark.parametrize("path", PEERS, ids=lambda path: path.stem)
def test_a_peer_needs_only_what_is_locked_and_answers_both_routes(path: Path) -> None:
    tree = ast.parse(path.read_text())
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert {each.replace("_", "-") for each in imported - sys.stdlib_module_names} <= locked().keys()
    text = path.read_text()
    assert len(re.findall(r"api/users/[<{][\w:]+[>}]", text)) == 2
    assert len(re.findall(r"api/users/[<{][\w:]+[>}]/news", text)) == 1
    assert "DATABASE" in text
    assert "NEWS_URL" in text


@pytest.mark.usefixtures("processes")
def test_growth_is_kept_and_drawn(tmp_path: Path) -> None:
    command = [sys.executable, "docs/measurements/growth.py", "--out", str(tmp_path), "--stacks", "asgi-direct"]
    small = ["--rounds", "1", "--seconds", "0.2", "--users", "1000", "--in-flight", "1,4"]
    done = subprocess.run([*command, *small], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kinds = {(each["kind"], each["size"]) for each in json.loads((tmp_path / "growth.json").read_text())}
    assert kinds == {
        ("read", 1000),
        ("page", 1000),
        *(("connections", n) for n in (1, 4)),
        ("waiting", 1),
        ("waiting", 4),
    }
    pictures = list(tmp_path.glob("*.svg"))
    assert len(pictures) == 6
    assert all("<svg" in each.read_text() for each in pictures)
    assert "kB for each" in done.stdout


def test_a_crowd_is_held_where_it_was_answered_and_not_sent_away(script: Any) -> None:
    crowd = script("crowd")
    numbers = count()

    ended = asyncio.Semaphore(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if next(numbers) % 2:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await reader.read()
        writer.close()
        await writer.wait_closed()
        ended.release()

    async def held() -> Any:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        guests = await crowd.come(server.sockets[0].getsockname()[1], crowd.CROWDS["kept alive"], 10)
        found = [guest.held for guest in guests].count(True)
        for guest in guests:
            guest.transport.close()
        for _ in guests:
            await ended.acquire()
        server.close()
        return found

    assert asyncio.run(held()) == 5


def test_a_listener_notes_when_it_began_and_each_event_that_came(script: Any) -> None:
    listeners, noted = script("listeners"), asyncio.Event()
    listener = listeners.Listener(noted)
    assert not listener.began
    listener.data_received(b"HTTP/1.1 200 OK\r\n\r\nretry: 1000\nid: 0\n\n")
    assert (listener.began, listener.came, noted.is_set()) == (True, {}, True)
    for number in (1, 2):
        listener.data_received(b'id: %d\nevent: changed\ndata: {"user_id":7,"version":2}\n\n' % number)
    listener.data_received(b":\n\n")
    assert list(listener.came) == [0, 1]
    asyncio.run(listeners.until(noted, lambda: True))
    found = listeners.Heard(2, 8.0, [0.5, 0.25], 0, [1.0] * 100, [2.0] * 100, 0)
    assert "| `asgi` | 2 | 2 | 8.0 KiB | 0.38 s, at most 0.50 s | 0 |" in listeners.row("asgi", 2, found)


def test_who_reads_slowly_takes_a_few_kilobytes_of_a_large_answer(script: Any) -> None:
    crowd = script("crowd")
    size = 4_000_000

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + bytes(size))
        with contextlib.suppress(ConnectionError):
            await writer.drain()
            drained.append(writer)
        writer.close()

    async def held() -> Any:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        guests = await crowd.come(server.sockets[0].getsockname()[1], crowd.CROWDS["reads slowly"], 3)
        found = [guest.held for guest in guests]
        for guest in guests:
            guest.transport.abort()
        server.close()
        return found

    drained: list[asyncio.StreamWriter] = []
    assert asyncio.run(held()) == [True] * 3
    assert drained == []


def test_who_sends_slowly_is_held_once_its_body_is_asked_for_and_sends_a_byte_of_it(script: Any) -> None:
    crowd = script("crowd")
    numbers, sent = count(), list[bytes]()
    begun, ended = asyncio.Semaphore(0), asyncio.Semaphore(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"Content-Length: %d\r\n" % crowd.BODY in head
        if next(numbers) % 2:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            sent.append(await reader.read(crowd.BODY))
            begun.release()
            with contextlib.suppress(ConnectionError):
                await reader.read()
        else:
            writer.write(b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n")
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        ended.release()

    async def held() -> Any:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        guests = await crowd.come(server.sockets[0].getsockname()[1], crowd.CROWDS["sends slowly"], 6)
        for _ in range(3):
            await begun.acquire()
        found = [guest.held for guest in guests]
        for guest in guests:
            guest.transport.abort()
        for _ in guests:
            await ended.acquire()
        server.close()
        return found.count(True)

    assert asyncio.run(held()) == 3
    assert sent == [b" "] * 3


def test_a_crowd_without_a_server_is_none(script: Any) -> None:
    crowd = script("crowd")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and does not listen
        assert asyncio.run(crowd.come(closed.getsockname()[1], crowd.CROWDS["kept alive"], 3)) == []
        assert asyncio.run(crowd.asked(closed.getsockname()[1])) is None


@pytest.mark.parametrize(
    ("report", "named"),
    [
        ('  File "/x/asgi_app/lab.py", line 26, in sleep', True),
        ("asgi_app/lab.py:26:", True),
        ("    sleep (asgi_app/lab.py:26)", True),
        ("Event(stack=(('/x/asgi_app/lab.py', 26, 'sleep'),))", True),
        ("coro=<sleep() done, defined at /x/asgi_app/lab.py:23> took 0.350 seconds", False),
        ("asgi_app/lab.py:260:", False),
        ("/x/userdb/lab.py:26", False),
    ],
)
def test_a_report_names_a_line_however_it_writes_it(script: Any, report: str, named: bool) -> None:
    assert script("planted").Planted("asgi_app/lab.py", range(24, 28)).is_named(report) is named


def test_a_turn_counts_what_was_named_suspected_and_only_caught(script: Any) -> None:
    planted = script("planted")
    line = planted.Planted("a/b.py", range(7, 8))

    def counted(*reports: str) -> tuple[int, int, int]:
        found = planted.concluded(line, reports)
        return found["caught"], found["right"], found["suspected"]

    assert counted() == (0, 0, 0)
    assert counted("a/b.py:9:") == (1, 0, 0)
    assert counted(f"gc, {planted.SUSPECT}a/b.py:7:") == (1, 0, 1)
    assert counted(f"gc, {planted.SUSPECT}a/b.py:7:", "a/b.py:7:") == (1, 1, 0)
    assert planted.concluded(None, ["a/b.py:7:"]) == {"turns": 1, "caught": 1, "right": 0, "suspected": 0}


def test_what_the_laboratory_plants_is_measured_at_the_lines_that_it_names(script: Any) -> None:
    planted = script("planted")
    cases = planted.cases()
    assert {kind for kind, row in planted.ROWS.items() if "planted" in row} < cases.keys()
    assert cases[planted.NOTHING].planted is None
    for case in cases.values():
        if case.planted:
            lines = (ROOT / case.planted.file).read_text().splitlines()
            assert all(lines[number - 1].startswith("    ") for number in case.planted.lines)
    sleep = cases["sleep-in-handler"].planted
    assert any("time.sleep(" in line for line in (ROOT / sleep.file).read_text().splitlines()[sleep.lines.start - 1 :])


OTHER = 'Thread 9 (idle): "other"\n    wait (threading.py:331)\n'
DUMP = 'Process 7: python\nPython v3.11.7\n\nThread 7 ({}): "MainThread"\n{}' + OTHER
SELECT = "    EpollSelector.select (selectors.py:468)\n    BaseEventLoop._run_once (asyncio/base_events.py:1884)\n"
IDLE = DUMP.format("idle", SELECT)
IDLE_UVLOOP = DUMP.format("idle", "    Runner.run (asyncio/runners.py:118)\n    main (stalls.py:9)\n")
HELD = DUMP.format("idle", "    sleep (asgi_app/lab.py:26)\n    _run (asyncio/events.py:80)\n")
A_PROGRAM = DUMP.format(
    "idle", "    PollSelector.select (selectors.py:415)\n    Popen._communicate (subprocess.py:2021)\n"
)


@pytest.mark.parametrize(
    ("dumps", "stood"),
    [
        ([IDLE, HELD, IDLE, IDLE_UVLOOP], 0),
        ([HELD, HELD, IDLE], 1),
        ([IDLE_UVLOOP, HELD, HELD, HELD], 2),
        ([A_PROGRAM, A_PROGRAM], 1),
        (["", "Process 7: python\n"], 0),
    ],
)
def test_a_loop_is_held_where_two_dumps_in_a_row_find_it_at_work(script: Any, dumps: list[str], stood: int) -> None:
    found = script("dumps").stood(dumps)
    assert len(found) == stood
    assert not any("threading.py" in each for each in found)


@pytest.mark.usefixtures("processes")
def test_detectors_are_compared_and_their_cost_is_measured() -> None:
    small = ["--detectors", "stalls", "--kinds", "a lock", "--rounds", "1", "--cost-rounds", "1", "--seconds", "0.2"]
    command = [sys.executable, "docs/measurements/stalls.py", *small]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for loop in ("asyncio", "uvloop"):
        assert re.search(rf"^\| none \| {loop} \| (– \| ){{4}}\d+ µs \|", done.stdout, re.MULTILINE)
        assert re.search(rf"^\| stalls \| {loop} \| . of 1 \| . \| 1 of 1 \|", done.stdout, re.MULTILINE)
    assert "This takes about" in done.stderr
