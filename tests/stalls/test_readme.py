"""The README's lines are whole apps: each is run, blocked, and its stall is named by line, route and request."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import create_environ, run_wsgi_app

from stalls import summary
from stalls.record import KINDS, Stall
from tandem.paths import PROJECT

README = (PROJECT / "stalls" / "README.md").read_text()
LINES = dict(re.findall(r"^## (\w+)\n```python\n(.*?)```", README, re.MULTILINE | re.DOTALL))


def app_of(name: str) -> Any:
    """The app of a section, whose handler sleeps now."""
    text = LINES[name].replace('return "hello"', 'time.sleep(0.3); return "hello"')
    text = text.replace("return PlainTextResponse(", "time.sleep(0.3); return PlainTextResponse(")
    names: dict[str, Any] = {"time": time, "__name__": "shop"}
    exec(compile(text, "/srv/shop.py", "exec"), names)
    return names["app"]


def sleeping_line(name: str) -> str:
    number = next(index for index, line in enumerate(LINES[name].splitlines(), 1) if "return" in line)
    return f"/srv/shop.py:{number}"


@pytest.mark.parametrize("name", ["Starlette", "FastAPI", "Flask"])
def test_they_are_ten(name: str) -> None:
    assert 0 < sum(map(bool, LINES[name].splitlines())) <= 10


@pytest.mark.parametrize("name", ["Starlette", "FastAPI"])
def test_an_asgi_app(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the lifespan as a server does it, and the file where the lines say."""
    monkeypatch.chdir(tmp_path)
    asyncio.run(one_request(app_of(name)))
    (stall,) = (stall for stall in summary.read(tmp_path / "stalls.jsonl") if stall.lines)
    assert (stall.kind, str(stall.lines[0]), stall.lines[0].inside) == ("wait", sleeping_line(name), "sleep")
    assert (stall.route, stall.request) == ("GET /", "from-nginx")


def test_a_wsgi_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four requests at once take the four slots; each slot's line is counted."""
    monkeypatch.chdir(tmp_path)
    app = app_of("Flask")
    environ = create_environ("/", headers={"X-Request-ID": "from-nginx"})
    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(run_wsgi_app, app, dict(environ), buffered=True) for _ in range(4)]
    assert [answer.result()[1] for answer in answers] == ["200 OK"] * 4
    app.wsgi_app.stop()
    (stall,) = (stall for stall in summary.read(tmp_path / "stalls.jsonl") if stall.lines)
    assert (stall.kind, str(stall.lines[0]), stall.lines[0].inside) == ("slots", sleeping_line("Flask"), "sleep")
    assert (stall.route, stall.request, stall.in_flight) == ("GET /", "from-nginx", 4)


async def one_request(app: Callable[..., Awaitable[None]]) -> None:
    """Start the app, ask it once, and stop it."""
    events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    events.put_nowait({"type": "lifespan.startup"})

    async def ignore(event: object) -> None:
        """Nobody listens."""

    lifespan = asyncio.ensure_future(app({"type": "lifespan", "asgi": {"version": "3.0"}}, events.get, ignore))
    await asyncio.sleep(0.05)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "path": "/", "raw_path": b"/",
        "query_string": b"", "headers": [(b"x-request-id", b"from-nginx")], "scheme": "http", "root_path": "",
    }  # fmt: skip
    await asyncio.ensure_future(app(scope, receive, send))
    assert sent[0]["status"] == 200
    await asyncio.sleep(0.05)
    events.put_nowait({"type": "lifespan.shutdown"})
    await lifespan


class Client:
    """Asks for nothing, and may hold the loop meanwhile."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    async def get(self, path: str) -> None:
        time.sleep(self.seconds)  # noqa: ASYNC251  # what is to be found


def test_the_test_of_the_guide() -> None:
    """It passes where nothing holds the loop, and fails where something does."""
    guide = (PROJECT / "docs" / "blocking.md").read_text()
    names: dict[str, Any] = {}
    exec(guide.partition("```python\n")[2].partition("```")[0], names)
    asyncio.run(names["test_nothing_holds_the_loop"](Client(0)))
    with pytest.raises(AssertionError):
        asyncio.run(names["test_nothing_holds_the_loop"](Client(0.4)))


def test_the_guide_knows_every_kind() -> None:
    guide = (PROJECT / "docs" / "blocking.md").read_text()
    assert [kind for kind in KINDS if f"\n| `{kind}`" not in guide] == []


def test_every_kind_is_described() -> None:
    described = set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE))
    assert described == set(KINDS)


def test_it_needs_the_standard_library_alone() -> None:
    """Also at run time: importing all of it brings in nothing else."""
    imported = {
        name
        for file in (PROJECT / "stalls").glob("*.py")
        for name in re.findall(r"^(?:from|import) (\w+)", file.read_text(), re.MULTILINE)
    }
    assert imported <= sys.stdlib_module_names


def test_a_stall_is_made_of_plain_values() -> None:
    """So that a callback may do with it what it likes."""
    assert Stall.__dataclass_params__.frozen  # type: ignore[attr-defined]  # known to dataclasses only
