"""Who holds the event loop, by a watchdog that names lines: no route of the app as it is served, each that does so on purpose."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from starlette.routing import Match, Route

from asgi_app import app
from asgi_app.lab_routes import LADDER
from stalls.check import watched
from stalls.record import Stall
from tests.asgi.server import started
from tests.support.apps import settings_for
from tests.support.everything import REQUESTS
from tests.support.lab import ROWS, row, slow_news, target
from userdb import lab

HELD = {"wait", "compute", "lock", "native", "busy"}
"""Kinds of stall for which somebody on the loop is to blame: not the collector, other threads, or a machine without CPU."""

ENOUGH = {"ms": 300, "times": 10, "items": 80_000, "objects": 700_000}
SOME = {"ms": 100, "times": 5, "items": 5000, "objects": 5}
ON_THE_LOOP = [kind for kind, each in ROWS.items() if "planted" in each]
RIGHT = sorted({each["right"] for each in ROWS.values() if "right" in each} - {"/lab/compute-in-process"})
UNSEEN = {"native", "gc"}
"""Where nobody could look meanwhile, so no line is named."""


@pytest.fixture(scope="module")
def slow_news_url() -> Iterator[str]:
    """A news service that takes as long as it is told."""
    with slow_news() as url:
        yield url


@pytest_asyncio.fixture
async def clean(database: Path, store: str, near_news_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The app as it is served, after its first request."""
    async with started(settings_for(database, NEWS_URL=near_news_url), raises=False) as client:
        await client.get("/api/users/7")
        yield client


@pytest_asyncio.fixture
async def blocking(database: Path, slow_news_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The app with its laboratory."""
    async with started(settings_for(database, LAB="1", NEWS_URL=slow_news_url), raises=False) as client:
        await client.get("/api/users/7")
        yield client
    lab.release()


async def stalls_of(client: httpx.AsyncClient, *requests: tuple[Any, ...]) -> list[Stall]:
    """What held the loop during these requests."""
    async with watched(threshold=0.05) as stalls:
        for method, path, headers, body, *_ in requests:
            client.cookies.clear()
            await client.request(method, path, headers=headers, content=body)
    return stalls


async def seen_with_its_line(client: httpx.AsyncClient, path: str) -> None:
    """That what this path does on purpose is seen as what it is."""
    blocker = row(path)
    wanted = (blocker["planted"]["file"].format(app="asgi_app"), blocker["planted"]["function"])
    seen: list[tuple[str, set[tuple[str, str]]]] = []
    for _ in range(4):  # who has no CPU for itself is taken for another kind
        found = await stalls_of(client, ("GET", target(path, ENOUGH[blocker["amount"]]), {}, b""))
        longest = max(found, key=lambda stall: stall.seconds, default=None)
        if longest is not None:
            lines = {(line.file, line.function) for line in longest.lines}
            seen.append((longest.kind, lines))
            if longest.kind == blocker["stall"] and (wanted in lines or longest.kind in UNSEEN):
                return
    pytest.fail(f"{path} was seen as {seen}")


async def not_seen(client: httpx.AsyncClient, path: str) -> None:
    """That this path holds up nobody: a busy machine does not make the same appear five times."""
    for _ in range(5):
        found = await stalls_of(client, ("GET", target(path, SOME[row(path)["amount"]]), {}, b""))
        if not any(stall.kind in HELD for stall in found):
            return
    pytest.fail(f"{path} holds the loop")


def matched(template: str, method: str) -> bool:
    """Whether one of the requests asks for this route."""
    route = Route(template, lambda _: None)
    scopes = [
        {"type": "http", "method": "GET", "path": target.partition("?")[0]} for m, target, *_ in REQUESTS if m == method
    ]
    return any(route.matches(scope)[0] is Match.FULL for scope in scopes)


def test_every_route_is_asked_for() -> None:
    routes = [(template, method) for template, views in app.ROUTES.items() for method in views]
    assert [route for route in routes if not matched(*route)] == []


@pytest.mark.asyncio
async def test_no_route_of_the_app_holds_the_loop(clean: httpx.AsyncClient) -> None:
    """What a busy machine makes look so is not seen again; what a route does, is."""
    suspects = REQUESTS if any(stall.kind in HELD for stall in await stalls_of(clean, *REQUESTS)) else []
    for _ in range(5):
        suspects = [each for each in suspects if any(stall.kind in HELD for stall in await stalls_of(clean, each))]
    assert [(method, path) for method, path, *_ in suspects] == []


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ON_THE_LOOP)
async def test_each_blocker_is_seen_with_its_line(blocking: httpx.AsyncClient, kind: str) -> None:
    await seen_with_its_line(blocking, ROWS[kind]["wrong"])


@pytest.mark.asyncio
@pytest.mark.parametrize("path", RIGHT)
async def test_who_does_it_right_is_not_seen(blocking: httpx.AsyncClient, path: str) -> None:
    await not_seen(blocking, path)


@pytest.mark.asyncio
@pytest.mark.parametrize("rung", LADDER)
@pytest.mark.parametrize("path", ["/lab/ladder/sleep", "/lab/ladder/password"])
async def test_of_the_ladder_the_rung_that_blocks_is_seen_with_its_line_and_no_other(
    database: Path, rung: str, path: str
) -> None:
    async with started(settings_for(database, LAB="1", LADDER=rung), raises=False) as client:
        await client.get("/api/users/7")
        if rung == "blocking":
            await seen_with_its_line(client, path)
        else:
            await not_seen(client, path)
