"""Many requests on one event loop share the pools: each gets its own answer, and no change is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.asgi.conftest import Pools
from tests.asgi.server import started
from tests.support.accounts import ADMIN, ADMIN_JSON
from tests.support.apps import settings_for

READERS = 3


@pytest.mark.asyncio
async def test_everybody_is_told_what_was_asked_for(database: Path, near_news_url: str, pools: Pools) -> None:
    settings = settings_for(database, NEWS_URL=near_news_url, READ_CONNECTIONS=str(READERS))
    async with started(settings) as client:
        users = [client.get(f"/api/users/{number}") for number in range(1, 61)]
        news = [client.get(f"/api/users/{number}/news") for number in range(1, 13)]
        told, titles = await asyncio.gather(asyncio.gather(*users), asyncio.gather(*news))
    assert [answer.json()["id"] for answer in told] == list(range(1, 61))
    assert [answer.json()["user"] for answer in titles] == [answer.json()["username"] for answer in told[:12]]
    assert pools.most_out == READERS


@pytest.mark.asyncio
async def test_no_change_is_lost(database: Path, pools: Pools) -> None:
    async with started(settings_for(database, READ_CONNECTIONS=str(READERS))) as client:
        changes = [client.patch("/api/users/7", headers=ADMIN_JSON, content=f'{{"age":{n}}}') for n in range(20)]
        people = [
            client.post("/api/users", headers=ADMIN_JSON, content=f'{{"username":"many{n}","email":"many{n}@b"}}')
            for n in range(20)
        ]
        changed, made = await asyncio.gather(asyncio.gather(*changes), asyncio.gather(*people))
        assert [answer.status_code for answer in changed] == [200] * 20
        assert sorted(answer.headers["ETag"] for answer in changed) == sorted(f'"{2 + n}"' for n in range(20))
        assert [answer.json()["username"] for answer in made] == [f"many{n}" for n in range(20)]
        there = [await client.get(answer.headers["Location"], headers=ADMIN) for answer in made]
        assert [answer.json()["id"] for answer in there] == [answer.json()["id"] for answer in made]
        assert len({answer.json()["id"] for answer in made}) == 20
    assert pools.most_out <= READERS + 1
