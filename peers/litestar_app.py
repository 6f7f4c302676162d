"""Litestar with its SQLAlchemy plugin: the async session of a request is a parameter."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from advanced_alchemy.extensions.litestar import SQLAlchemyAsyncConfig, SQLAlchemyPlugin
from litestar import Litestar, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str]
    email: Mapped[str]
    age: Mapped[int | None]
    created_at: Mapped[str]
    version: Mapped[int]


async def found(session: AsyncSession, user_id: int) -> User:
    user = await session.get(User, user_id)
    if user is None:
        raise NotFoundException
    return user


@get("/api/users/{user_id:int}")
async def read_user(user_id: int, db_session: AsyncSession) -> User:
    return await found(db_session, user_id)


@get("/api/users/{user_id:int}/news")
async def read_news(user_id: int, db_session: AsyncSession, state: State) -> dict[str, Any]:
    user = await found(db_session, user_id)
    async with state.client.get(os.environ["NEWS_URL"], params={"user": user.username}) as answer:
        return {"user": user.username, "items": (await answer.json())["items"]}


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as app.state.client:
        yield


config = SQLAlchemyAsyncConfig(connection_string=f"sqlite+aiosqlite:///{os.environ['DATABASE']}")
app = Litestar([read_user, read_news], plugins=[SQLAlchemyPlugin(config)], lifespan=[lifespan])
