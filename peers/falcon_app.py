"""Falcon over one connection of aiosqlite: a row is one call."""

from __future__ import annotations

import os
from typing import Any

import aiohttp
import aiosqlite
import falcon.asgi

COLUMNS = ("id", "username", "email", "age", "created_at", "version")
READ = f"SELECT {', '.join(COLUMNS)} FROM users WHERE id = ?"


class Connections:
    """What the app has open."""

    async def process_startup(self, scope: dict[str, Any], event: dict[str, Any]) -> None:
        self.database = await aiosqlite.connect(os.environ["DATABASE"])
        self.client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def process_shutdown(self, scope: dict[str, Any], event: dict[str, Any]) -> None:
        await self.client.close()
        await self.database.close()

    async def user(self, user_id: int) -> dict[str, Any]:
        rows = list(await self.database.execute_fetchall(READ, (user_id,)))
        if not rows:
            raise falcon.HTTPNotFound
        return dict(zip(COLUMNS, rows[0], strict=True))


connections = Connections()


class UserResource:
    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response, user_id: int) -> None:
        response.media = await connections.user(user_id)


class NewsResource:
    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response, user_id: int) -> None:
        user = await connections.user(user_id)
        async with connections.client.get(os.environ["NEWS_URL"], params={"user": user["username"]}) as answer:
            response.media = {"user": user["username"], "items": (await answer.json())["items"]}


app = falcon.asgi.App(middleware=[connections])
app.add_route("/api/users/{user_id:int}", UserResource())
app.add_route("/api/users/{user_id:int}/news", NewsResource())
