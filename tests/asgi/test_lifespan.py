"""What the app opens when it starts it closes when it stops, also where it could not start."""

from __future__ import annotations

import userdb.sqlite_driver  # noqa: F401  # isort: skip  # first of all, before anything imports sqlite3

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from asgi_app.app import create_app
from tests.asgi.conftest import NewsTransport, Pools
from tests.asgi.server import FailedStartError, Lifespan, started
from tests.support.apps import settings_for


@pytest.mark.asyncio
async def test_connections_are_open_from_start_to_stop(
    database: Path, store: str, near_news_url: str, pools: Pools, news_clients: list[NewsTransport]
) -> None:
    async with started(settings_for(database, NEWS_URL=near_news_url, READ_CONNECTIONS="3")) as client:
        assert pools.open == {"engine": 2, "direct": 4}[store]  # one to write, and to read one at first, or all
        assert [each.is_closed for each in news_clients] == [False]
        assert (await client.get("/api/users/7/news")).status_code == 200
    assert (pools.open, pools.out) == (0, 0)
    assert [each.is_closed for each in news_clients] == [True]


@pytest.mark.asyncio
async def test_a_missing_database_is_named_at_the_start(
    tmp_path: Path, pools: Pools, news_clients: list[NewsTransport]
) -> None:
    file = tmp_path / "none.db"
    with pytest.raises(FailedStartError, match=rf"there is no database {file}: "):
        await Lifespan(create_app(settings_for(file))).start()
    assert not file.exists()
    assert pools.open == 0
    assert all(each.is_closed for each in news_clients)


@pytest.mark.asyncio
async def test_what_was_opened_is_closed_where_the_start_fails(
    tmp_path: Path, pools: Pools, news_clients: list[NewsTransport]
) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE something_else (id)")
    with pytest.raises(FailedStartError):
        await Lifespan(create_app(settings_for(file))).start()
    assert pools.most_out > 0
    assert (pools.open, pools.out) == (0, 0)
    assert [each.is_closed for each in news_clients] == [True]
