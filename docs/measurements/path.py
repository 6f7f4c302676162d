"""Measure what one read costs within a process, and where it goes: `python docs/measurements/path.py` prints the Markdown table.

Each turn is a process of its own on the first CPU: an app with its store answers so many requests of 32 connections, as nginx
sends them, without a socket: the ASGI app under uvicorn's protocol, the WSGI app as gunicorn calls it. What counts is the CPU of
all its threads per request. `--against COMMIT` has the apps of that commit take turns with those of the working tree.
`--picture FILE` profiles one turn of each and draws where the time goes, layer by layer, as SVG.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import asking

from tandem.launch import database
from tandem.paths import PROJECT
from tandem.plan import apps

KINDS = (("asgi_app", "direct"), ("asgi_app", "engine"), ("wsgi_app", "direct"), ("wsgi_app", "engine"))
USERS, CONNECTIONS = 1000, 32
HEADERS = {
    "Host": "127.0.0.1:8080",
    "X-Request-ID": "0123456789abcdef0123456789abcdef",
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "127.0.0.1:8080",
    "User-Agent": "openloop",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
}
"""What nginx tells of a request of the load generator."""


class Transport(asyncio.Transport):
    """A connection whose other end asks again as soon as it has its answer."""

    def __init__(self, again: Callable[[], None]) -> None:
        super().__init__({"peername": ("127.0.0.1", 40000), "sockname": ("127.0.0.1", 8000)})
        self._again = again

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if bytes(data[:5]) == b"HTTP/":
            if bytes(data[9:12]) != b"200":
                raise SystemExit(bytes(data).decode())
            asyncio.get_running_loop().call_soon(self._again)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def is_closing(self) -> bool:
        return False

    def close(self) -> None: ...


def request(user_id: int) -> bytes:
    """What nginx sends."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    return f"GET /api/users/{user_id} HTTP/1.1\r\n{lines}\r\n".encode()


async def asgi(requests: int, around: Callable[[], Any]) -> float:
    """CPU seconds that so many requests cost the ASGI app, after a tenth of them that are not counted."""
    import uvicorn
    from uvicorn.lifespan.on import LifespanOn
    from uvicorn.server import ServerState

    from asgi_app.app import create_app
    from asgi_app.server import Protocol

    config = uvicorn.Config(create_app, factory=True, http=Protocol, access_log=False, log_level="warning")
    config.load()
    lifespan = LifespanOn(config)
    await lifespan.startup()
    loop, over, left = asyncio.get_running_loop(), asyncio.Event(), 0

    def connection() -> Callable[[], None]:
        protocol = Protocol(config, ServerState(), lifespan.state, _loop=loop)

        def ask() -> None:
            nonlocal left
            left -= 1
            if left >= 0:
                protocol.data_received(request(random.randint(2, USERS)))
            elif left == -CONNECTIONS:
                over.set()

        protocol.connection_made(Transport(ask))
        return ask

    connections = [connection() for _ in range(CONNECTIONS)]

    async def ask(number: int) -> float:
        nonlocal left
        left, cpu = number, time.process_time()
        over.clear()
        for each in connections:
            each()
        await over.wait()
        return time.process_time() - cpu

    await ask(requests // 10)
    with around():
        used = await ask(requests)
    await lifespan.shutdown()
    return used


def environ(user_id: int) -> dict[str, Any]:
    """What gunicorn makes of a request."""
    given = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in HEADERS.items()}
    return {
        "wsgi.errors": sys.stderr, "wsgi.version": (1, 0), "wsgi.multithread": True, "wsgi.multiprocess": False,
        "wsgi.run_once": False, "wsgi.input": io.BytesIO(), "wsgi.url_scheme": "http", "wsgi.input_terminated": True,
        "SERVER_SOFTWARE": "gunicorn", "REQUEST_METHOD": "GET", "QUERY_STRING": "", "RAW_URI": f"/api/users/{user_id}",
        "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "40000", "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000", "PATH_INFO": f"/api/users/{user_id}", "SCRIPT_NAME": "", **given,
    }  # fmt: skip


def wsgi(requests: int, around: Callable[[], Any]) -> float:
    """The same of the WSGI app, in one thread: how threads take turns is the server's part."""
    from wsgi_app.app import create_app

    app = create_app()

    def start(status: str, headers: list[tuple[str, str]], info: object = None) -> Callable[[bytes], None]:
        if status != "200 OK":
            raise SystemExit(status)
        return lambda data: None

    def ask(number: int) -> float:
        cpu = time.process_time()
        for _ in range(number):
            answer: Any = app(environ(random.randint(2, USERS)), start)
            b"".join(answer)
            answer.close()
        return time.process_time() - cpu

    ask(requests // 10)
    with around():
        return ask(requests)


LAYERS = {
    "uvicorn": ("/uvicorn/", "/httptools/"),
    "Starlette": ("/starlette/", "/anyio/"),
    "Flask and Werkzeug": ("/flask/", "/werkzeug/"),
    "SQLAlchemy": ("/sqlalchemy/", "/greenlet/"),
    "aiosqlite": ("/aiosqlite/",),
    "store: units, statements, SQLite": (
        "_app/stores/", "/userdb/compiled.py", "/userdb/units.py", "/userdb/groups.py", "/userdb/rows.py",
    ),
    "metrics": ("/userdb/metrics.py", "/userdb/counts.py", "/prometheus_client/"),
    "the app: views, seam, bytes": ("asgi_app/", "wsgi_app/", "/userdb/"),
}  # fmt: skip
"""Whose the innermost Python frame is, in this order; what C does for it counts as its own. What is left is the loop's."""

LOOP = "event loop, or the caller"


class Sampler(threading.Thread):
    """Looks every millisecond or so on which line each thread is, and counts the CPU that the thread has had since."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.spent: dict[str, float] = {}
        self._over = threading.Event()

    def __enter__(self) -> Sampler:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        own, before = threading.get_ident(), dict[int, float]()
        while not self._over.wait(0.001):
            for thread, frame in sys._current_frames().items():
                if thread != own:
                    now = time.clock_gettime(time.pthread_getcpuclockid(thread))
                    layer = _layer(frame)
                    self.spent[layer] = self.spent.get(layer, 0.0) + now - before.get(thread, now)
                    before[thread] = now


def _layer(frame: Any) -> str:
    while frame is not None:
        file = frame.f_code.co_filename
        for layer, parts in LAYERS.items():
            if any(part in file for part in parts):
                return layer
        frame = frame.f_back
    return LOOP


def once(kind: str, requests: int, profiled: bool) -> dict[str, Any]:
    """One turn, in this process: microseconds per request, and by layer where it was profiled."""
    import uvloop

    sampler = Sampler()
    around: Callable[[], Any] = (lambda: sampler) if profiled else nullcontext
    used = uvloop.run(asgi(requests, around)) if kind == "asgi_app" else wsgi(requests, around)
    whole = sum(sampler.spent.values()) or 1.0
    layers = {name: 1e6 * used / requests * each / whole for name, each in sampler.spent.items()}
    return {"us": 1e6 * used / requests, "layers": layers}


def turn(source: Path, app: str, store: str, file: Path, requests: int, *more: str) -> dict[str, Any]:
    """One turn in a process of its own, of the apps that are in `source`. Raises SystemExit where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        given = {
            "DATABASE_URL": f"sqlite:///{file}", "STORE": store, "READ_CONNECTIONS": "16", "SESSION_KEYS_FILE": f"{folder}/keys",
            "PROMETHEUS_MULTIPROC_DIR": folder, "PYTHONPATH": str(source),
        }  # fmt: skip
        command = [
            "taskset",
            "-c",
            str(min(os.sched_getaffinity(0))),
            sys.executable,
            __file__,
            "--turn",
            app,
            "--requests",
            str(requests),
        ]
        done = subprocess.run(
            [*command, *more], env={**os.environ, **given}, capture_output=True, text=True, cwd=source
        )
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(found: dict[tuple[str, str, str], list[float]]) -> str:
    """The Markdown table: medians over the rounds, and ratios within them."""
    lines = ["| app | store | CPU per read, µs | before | now ÷ before (95 %) |", "|---|---|---:|---:|---:|"]
    for app, store in KINDS:
        now, before = found["now", app, store], found.get(("before", app, store), [])
        cells = [f"{statistics.median(now):.0f}", "–", "–"]
        if before:
            ratios = [one / other for one, other in zip(now, before, strict=True)]
            cells[1:] = [f"{statistics.median(before):.0f}", asking.shown(ratios, 3)]
        lines.append(f"| `{app}` | {store} | {' | '.join(cells)} |")
    return "\n".join(lines)


COLOURS = ("#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f", "#edc948", "#b07aa1", "#9c755f", "#bab0ac")


def picture(found: dict[tuple[str, str], dict[str, float]]) -> str:
    """A bar for each app and store, in pieces by layer, as SVG."""
    layers = [*LAYERS, LOOP]
    colours = dict(zip(layers, COLOURS, strict=True))
    height = 60 + 44 * len(found) + 20 * len(layers)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="900" height="{height}" fill="white"/>',
        '<text x="10" y="22" font-size="16">CPU of one read within the process, microseconds (all bars are as long)</text>',
    ]
    for row, ((app, store), spent) in enumerate(found.items()):
        at, y = 170.0, 40 + 44 * row
        parts.append(f'<text x="10" y="{y + 20}">{app}, {store}</text>')
        for layer in layers:
            wide = 620 * spent.get(layer, 0.0) / sum(spent.values())
            parts.append(f'<rect x="{at:.1f}" y="{y}" width="{wide:.1f}" height="32" fill="{colours[layer]}"/>')
            if wide > 22:
                parts.append(
                    f'<text x="{at + wide / 2:.1f}" y="{y + 21}" text-anchor="middle">{spent[layer]:.0f}</text>'
                )
            at += wide
        parts.append(f'<text x="{at + 6:.1f}" y="{y + 21}">{sum(spent.values()):.0f}</text>')
    for row, layer in enumerate(layers):
        y = 52 + 44 * len(found) + 20 * row
        parts.append(f'<rect x="170" y="{y}" width="14" height="14" fill="{colours[layer]}"/>')
        parts.append(f'<text x="192" y="{y + 12}">{layer}</text>')
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    """Measure by turns, or be one of them; print the table, or draw the picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--requests", type=int, default=20_000, help="of one turn")
    parser.add_argument("--against", metavar="COMMIT")
    parser.add_argument("--picture", type=Path, metavar="FILE")
    parser.add_argument(
        "--turn", choices=("asgi_app", "wsgi_app"), help="be one turn, with the settings of the environment"
    )
    parser.add_argument("--profiled", action="store_true", help="of a turn")
    options = parser.parse_args()
    if options.turn:
        print(json.dumps(once(options.turn, options.requests, options.profiled)))
        return
    with tempfile.TemporaryDirectory(prefix="tandem-path-") as name:
        folder = Path(name)
        file = folder / "users.db"
        database.fill(apps.load()["userdb"], f"sqlite:///{file}", USERS, folder / "log")
        if options.picture:
            found = {kind: turn(PROJECT, *kind, file, options.requests, "--profiled")["layers"] for kind in KINDS}
            options.picture.write_text(picture(found))
            return
        sources = {"now": PROJECT}
        if options.against:
            sources["before"] = extract(options.against, folder / "before")
        turns = [(when, *kind) for when in sources for kind in KINDS]
        measured: dict[tuple[str, str, str], list[float]] = {each: [] for each in turns}
        for _ in range(options.rounds):
            for when, app, store in random.sample(turns, len(turns)):
                measured[when, app, store].append(turn(sources[when], app, store, file, options.requests)["us"])
        print(table(measured))


def extract(commit: str, folder: Path) -> Path:
    """Write the apps of a commit into a folder."""
    command = ["git", "archive", commit, "asgi_app", "wsgi_app", "userdb", "stalls"]
    archive = subprocess.run(command, cwd=PROJECT, capture_output=True, check=True).stdout
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
    return folder


if __name__ == "__main__":
    main()
