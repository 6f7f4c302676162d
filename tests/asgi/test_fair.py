"""Who waits for a connection to the news service is served in the order of arrival, and no newcomer passes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from asgi_app.news import News
from tests.support.apps import settings_for
from userdb.models import User

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"items":[]}'
CLIENTS, TURNS = 30, 4


@asynccontextmanager
async def toy(asked: list[bytes]) -> AsyncIterator[str]:
    """A news service that writes down who asks."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                asked.append(head.split(b"user=", 1)[1].split(b" ", 1)[0])
                writer.write(ANSWER)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/news"


@pytest.mark.asyncio
async def test_the_oldest_question_is_asked_first_though_others_come_whenever_a_connection_is_free(
    tmp_path: Path,
) -> None:
    came: list[bytes] = []
    asked: list[bytes] = []
    answered: list[bytes] = []
    async with toy(asked) as url:
        settings = settings_for(tmp_path / "none.db", NEWS_URL=url, NEWS_CONNECTIONS="1", NEWS_TIMEOUT="60")
        news = News(settings)

        async def client() -> None:
            for _ in range(TURNS):
                name = f"n{len(came)}"
                came.append(name.encode())
                assert await news.items(User(1, name, "a@b", None, "", 1)) == []
                answered.append(name.encode())

        await asyncio.gather(*[client() for _ in range(CLIENTS)])
        await news.close()
    assert len(came) == CLIENTS * TURNS
    assert asked == came
    assert answered == came
