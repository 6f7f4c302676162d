"""The sources of a feed are asked at once, and meanwhile others are answered."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path

import pytest

from tests.asgi.server import started
from tests.support.apps import settings_for
from tests.support.gate import Gate
from tests.support.news import news_service
from tests.support.waiting import PATIENCE, eventually_async

SOURCES = 6


@pytest.mark.asyncio
async def test_all_sources_wait_together_and_a_bystander_does_not(database: Path, gate: Gate) -> None:
    def reply(query: dict[str, str], release: threading.Event) -> tuple[int, bytes]:
        gate.pass_through()
        return 200, json.dumps({"items": [{"title": query["source"], "url": "/"}]}).encode()

    with news_service(reply) as url:
        async with started(settings_for(database, NEWS_URL=url, NEWS_TIMEOUT="60", FEED_TIMEOUT="60")) as client:
            feed = asyncio.create_task(client.get(f"/api/users/7/feed?sources={SOURCES}"))
            assert await eventually_async(lambda: gate.count == SOURCES, PATIENCE / 8)
            assert (await client.get("/healthz")).status_code == 200
            assert (await client.get("/api/users/8")).status_code == 200
            assert not feed.done()
            gate.open()
            answer = (await feed).json()
    assert [item["title"] for item in answer["items"]] == [str(number) for number in range(1, SOURCES + 1)]
    assert answer["missing"] == []
