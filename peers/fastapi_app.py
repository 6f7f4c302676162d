"""FastAPI with SQLModel, as its tutorial has it: a plain function with a session, which runs in a thread."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

import aiohttp
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from sqlmodel import Field, Session, SQLModel, create_engine


class User(SQLModel, table=True):
    __tablename__ = "users"

    id: int | None = Field(default=None, primary_key=True)
    username: str
    email: str
    age: int | None
    created_at: str
    version: int


class UserPublic(SQLModel):
    id: int
    username: str
    email: str
    age: int | None
    created_at: str
    version: int


class Item(SQLModel):
    title: str
    url: str


class News(SQLModel):
    user: str
    items: list[Item]


engine = create_engine(f"sqlite:///{os.environ['DATABASE']}", connect_args={"check_same_thread": False})


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as app.state.client:
        yield


app = FastAPI(lifespan=lifespan)
SessionDep = Annotated[Session, Depends(get_session)]


@app.get("/api/users/{user_id}", response_model=UserPublic)
def read_user(user_id: int, session: SessionDep) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise HTTPException(status_code=404)
    return user


@app.get("/api/users/{user_id}/news")
async def read_news(user_id: int, session: SessionDep, request: Request) -> News:
    user = await run_in_threadpool(read_user, user_id, session)
    async with request.app.state.client.get(os.environ["NEWS_URL"], params={"user": user.username}) as answer:
        return News(user=user.username, items=(await answer.json())["items"])
