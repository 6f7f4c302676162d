"""Quart with Quart-DB: each request has a connection."""

from __future__ import annotations

import os
from typing import Any

import aiohttp
from quart import Quart, abort, g
from quart_db import QuartDB

COLUMNS = ("id", "username", "email", "age", "created_at", "version")

app = Quart(__name__)
app.json.sort_keys = False
QuartDB(app, url=f"sqlite:///{os.environ['DATABASE']}")
client: aiohttp.ClientSession


@app.before_serving
async def open_client() -> None:
    global client
    client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))


@app.after_serving
async def close_client() -> None:
    await client.close()


async def found(user_id: int) -> dict[str, Any]:
    row = await g.connection.fetch_first(f"SELECT {', '.join(COLUMNS)} FROM users WHERE id = :id", {"id": user_id})
    if row is None:
        abort(404)
    return dict(row)


@app.get("/api/users/<int:user_id>")
async def read_user(user_id: int) -> dict[str, Any]:
    return await found(user_id)


@app.get("/api/users/<int:user_id>/news")
async def read_news(user_id: int) -> dict[str, Any]:
    user = await found(user_id)
    async with client.get(os.environ["NEWS_URL"], params={"user": user["username"]}) as answer:
        return {"user": user["username"], "items": (await answer.json())["items"]}
