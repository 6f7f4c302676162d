"""BlackSheep over one connection of aiosqlite: a row is one call."""

from __future__ import annotations

import os
from typing import Any

import aiohttp
import aiosqlite
from blacksheep import Application, Response, get, json, not_found

COLUMNS = ("id", "username", "email", "age", "created_at", "version")
READ = f"SELECT {', '.join(COLUMNS)} FROM users WHERE id = ?"

app = Application()
database: aiosqlite.Connection
client: aiohttp.ClientSession


@app.on_start
async def open_connections(app: Application) -> None:
    global database, client
    database = await aiosqlite.connect(os.environ["DATABASE"])
    client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))


@app.on_stop
async def close_connections(app: Application) -> None:
    await client.close()
    await database.close()


async def found(user_id: int) -> dict[str, Any] | None:
    rows = list(await database.execute_fetchall(READ, (user_id,)))
    return dict(zip(COLUMNS, rows[0], strict=True)) if rows else None


@get("/api/users/{user_id}")
async def read_user(user_id: int) -> Response:
    user = await found(user_id)
    return not_found() if user is None else json(user)


@get("/api/users/{user_id}/news")
async def read_news(user_id: int) -> Response:
    user = await found(user_id)
    if user is None:
        return not_found()
    async with client.get(os.environ["NEWS_URL"], params={"user": user["username"]}) as answer:
        return json({"user": user["username"], "items": (await answer.json())["items"]})
