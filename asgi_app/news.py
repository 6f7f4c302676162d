"""The news service, called over one pooled HTTP client: the only file that knows which."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import aclosing
from functools import partial
from time import monotonic

import aiohttp
import httpx
import httpx_aiohttp

from userdb import errors
from userdb import news as userdb_news
from userdb.models import User
from userdb.pools import State
from userdb.settings import Settings

KEPT = 30.0
"""Seconds that an unused connection is kept: less than the service keeps it, or a question could meet its end."""


def trusted() -> ssl.SSLContext:
    """What is trusted over TLS: what the system trusts, or SSL_CERT_FILE."""
    return ssl.create_default_context()


def session(connections: int, context: ssl.SSLContext) -> aiohttp.ClientSession:
    """What the transport sends with. It keeps no cookie: what the service sets for one question is none of another's."""
    connector = aiohttp.TCPConnector(limit=connections, keepalive_timeout=KEPT, ssl=context)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


class News:
    """The client of the news service, with connections of this process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._places = asyncio.Semaphore(settings.news_connections)
        # httpx's transport of aiohttp: its own costs more the more calls wait. No httpx.AsyncClient around it, a third of what
        # a call costs: redirects, cookies and proxies are not for this service (docs/measurements/news_clients.md). It bounds
        # no time: _ask bounds the whole, which no timeout of httpx does.
        # Without TLS nobody is trusted: to read all certificates would take as long as all else that an app does at its start.
        encrypted = settings.news_url.startswith("https:")
        context = trusted() if encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._transport = httpx_aiohttp.AiohttpTransport(
            verify=context, client=partial(session, settings.news_connections, context)
        )

    def pool(self) -> State:
        """How many calls there are now, and may be."""
        most, idle = self._settings.news_connections, self._places._value  # it has no public call
        return State(most - idle, idle, len(self._places._waiters or ()), most)

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    async def items(self, user: User, parent: str | None = None) -> list[userdb_news.Item]:
        """The news about a user, asked within a trace. Raises Busy where no connection came free, NewsSlow, NewsFailed."""
        return await self._ask(userdb_news.question(user), self._settings.news_timeout, parent)

    async def wait(self, delay: float, seconds: float) -> None:
        """Wait up to so many seconds for an answer that takes the service `delay`. Raises as `items`."""
        await self._ask({"user": "lab", "delay": f"{delay:g}"}, seconds)

    async def feed(self, user: User, sources: int, parent: str | None = None) -> userdb_news.Feed:
        """The news of so many sources, in their order. Raises as `items` where none of them gives any.

        What has not come when the time for all of them is over counts as slow.
        """
        end = monotonic() + self._settings.feed_timeout
        return userdb_news.merged(
            await asyncio.gather(*[self._source(user, number, end, parent) for number in range(1, sources + 1)])
        )

    async def _source(self, user: User, number: int, end: float, parent: str | None) -> userdb_news.Source:
        """The news of one source, or what became of it."""
        seconds = min(self._settings.news_timeout, end - monotonic())
        try:
            if seconds <= 0:
                raise errors.NewsSlow()
            return userdb_news.Source(
                number, await self._ask(userdb_news.question(user, number), seconds, parent), None
            )
        except errors.Problem as problem:
            return userdb_news.Source(number, [], problem)

    async def _ask(self, question: dict[str, str], seconds: float, parent: str | None = None) -> list[userdb_news.Item]:
        end = monotonic() + seconds
        if not await self._place(seconds):
            raise errors.Busy("Too many are waiting for the news service.")
        try:
            return await self._answer(question, end - monotonic(), parent)
        except TimeoutError as error:
            raise errors.NewsSlow() from error
        except (httpx.HTTPError, aiohttp.ClientError) as error:
            raise errors.NewsFailed() from error
        finally:
            self._places.release()

    async def _place(self, seconds: float) -> bool:
        """Whether a connection came free in so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                return await self._places.acquire()
        except TimeoutError:
            return False

    async def _answer(self, question: dict[str, str], seconds: float, parent: str | None) -> list[userdb_news.Item]:
        """What the service says in so many seconds, to the last byte. Raises NewsFailed, and what the client does."""
        request = httpx.Request("GET", self._settings.news_url, params=question, headers=userdb_news.headers(parent))
        async with asyncio.timeout(seconds), aclosing(await self._transport.handle_async_request(request)) as response:
            body = userdb_news.Body(response.headers.get("Content-Encoding"))
            async for piece in response.aiter_raw():
                body.add(piece)
            return userdb_news.items(response.status_code, body.data)
