"""The news service, called over one pooled HTTP client: the only file that knows which."""

from __future__ import annotations

import asyncio
from time import monotonic

import httpx2

from userdb import errors
from userdb import news as userdb_news
from userdb.models import User
from userdb.settings import Settings


class News:
    """The client of the news service, with connections of this process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = httpx2.AsyncClient(
            # Keeping connections shorter than the service does avoids the race of sending on one that it just closed.
            limits=httpx2.Limits(
                max_connections=settings.news_connections,
                max_keepalive_connections=settings.news_connections,
                keepalive_expiry=30,
            ),
            follow_redirects=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def items(self, user: User) -> list[userdb_news.Item]:
        """The news about a user. Raises Busy where no connection came free, NewsSlow, NewsFailed."""
        return await self._ask(userdb_news.question(user), self._settings.news_timeout)

    async def feed(self, user: User, sources: int) -> userdb_news.Feed:
        """The news of so many sources, in their order. Raises as `items` where none of them gives any.

        What has not come when the time for all of them is over counts as slow.
        """
        end = monotonic() + self._settings.feed_timeout
        return userdb_news.merged(
            await asyncio.gather(*[self._source(user, number, end) for number in range(1, sources + 1)])
        )

    async def _source(self, user: User, number: int, end: float) -> userdb_news.Source:
        """The news of one source, or what became of it."""
        seconds = min(self._settings.news_timeout, end - monotonic())
        try:
            if seconds <= 0:
                raise errors.NewsSlow()
            return userdb_news.Source(number, await self._ask(userdb_news.question(user, number), seconds), None)
        except errors.Problem as problem:
            return userdb_news.Source(number, [], problem)

    async def _ask(self, question: dict[str, str], seconds: float) -> list[userdb_news.Item]:
        try:
            response = await self._client.get(self._settings.news_url, params=question, timeout=seconds)
        except httpx2.PoolTimeout as error:
            raise errors.Busy("Too many are waiting for the news service.") from error
        except httpx2.TimeoutException as error:
            raise errors.NewsSlow() from error
        except httpx2.HTTPError as error:
            raise errors.NewsFailed() from error
        return userdb_news.items(response.status_code, response.content)
