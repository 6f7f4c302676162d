"""The news service, called over one pooled HTTP client: the only file that knows which."""

from __future__ import annotations

import socket
import ssl
from contextlib import closing
from time import monotonic
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from userdb import errors
from userdb import news as userdb_news
from userdb.models import User
from userdb.pools import State
from userdb.queues import Oldest
from userdb.settings import Settings

KEPT = 30.0
"""Seconds that an unused connection is kept: less than the service keeps it, or a question could meet its end."""


class TotalTime(socket.socket):
    """A connection whose timeout is that of all that is read from then on, not of each read."""

    end = float("inf")

    def settimeout(self, value: float | None) -> None:
        """From now on, so many seconds are left."""
        self.end = float("inf") if value is None else monotonic() + value
        super().settimeout(value)

    def recv_into(self, *values: Any) -> int:
        """Read. Raises TimeoutError when the time is over."""
        left = self.end - monotonic()
        if left <= 0:
            raise TimeoutError
        super().settimeout(None if left == float("inf") else left)
        return super().recv_into(*values)


class EncryptedTotalTime(TotalTime, ssl.SSLSocket):
    """The same over TLS."""


class Connection(HTTPConnection):
    """A connection to the service."""

    used = 0.0

    def connect(self) -> None:
        """Open it."""
        super().connect()
        made = self.sock
        if not isinstance(made, TotalTime):
            self.sock = TotalTime(made.family, made.type, made.proto, fileno=made.detach())

    def getresponse(self) -> Any:
        """The answer to what was sent."""
        self.used = monotonic()
        return super().getresponse()

    @property
    def is_connected(self) -> bool:
        """Whether it can be used again."""
        return super().is_connected and monotonic() - self.used < KEPT


class EncryptedConnection(Connection, HTTPSConnection):
    """The same over TLS."""

    def _new_conn(self) -> socket.socket:
        """Connect; what that took is no more there for the handshake."""
        began = monotonic()
        made = super()._new_conn()
        made.settimeout(max((made.gettimeout() or 0.0) - (monotonic() - began), 0.001))
        return made


class Pool(urllib3.HTTPConnectionPool):
    """Connections to the service."""

    ConnectionCls = Connection


def trusted() -> ssl.SSLContext:
    """What is trusted over TLS: what the system trusts, or SSL_CERT_FILE."""
    context = ssl.create_default_context()
    context.sslsocket_class = EncryptedTotalTime
    return context


class EncryptedPool(urllib3.HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = EncryptedConnection

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **{**named, "ssl_context": trusted()})


class News:
    """The client of the news service, with connections of this process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._places: Oldest[None] = Oldest()
        for _ in range(settings.news_connections):
            self._places.give(None)
        # The cheapest client for threads (docs/measurements/news_clients.md).
        self._client = urllib3.PoolManager(maxsize=settings.news_connections, retries=False)
        self._client.pool_classes_by_scheme = {"http": Pool, "https": EncryptedPool}

    def pool(self) -> State:
        """How many calls there are now, and may be."""
        most, idle = self._settings.news_connections, self._places.idle()
        return State(most - idle, idle, self._places.waiting(), most)

    def close(self) -> None:
        """Close all connections."""
        self._client.clear()

    def items(self, user: User, parent: str | None = None) -> list[userdb_news.Item]:
        """The news about a user, asked within a trace. Raises Busy where no connection came free, NewsSlow, NewsFailed."""
        return self._ask(userdb_news.question(user), self._settings.news_timeout, parent)

    def wait(self, delay: float, seconds: float) -> None:
        """Wait up to so many seconds for an answer that takes the service `delay`. Raises as `items`."""
        self._ask({"user": "lab", "delay": f"{delay:g}"}, seconds)

    def feed(self, user: User, sources: int, parent: str | None = None) -> userdb_news.Feed:
        """The news of so many sources, in their order. Raises as `items` where none of them gives any.

        What has not come when the time for all of them is over counts as slow.
        """
        end = monotonic() + self._settings.feed_timeout
        return userdb_news.merged([self._source(user, number, end, parent) for number in range(1, sources + 1)])

    def _source(self, user: User, number: int, end: float, parent: str | None) -> userdb_news.Source:
        """The news of one source, or what became of it."""
        seconds = min(self._settings.news_timeout, end - monotonic())
        try:
            if seconds <= 0:
                raise errors.NewsSlow()
            return userdb_news.Source(number, self._ask(userdb_news.question(user, number), seconds, parent), None)
        except errors.Problem as problem:
            return userdb_news.Source(number, [], problem)

    def _ask(self, question: dict[str, str], seconds: float, parent: str | None = None) -> list[userdb_news.Item]:
        end = monotonic() + seconds
        if not self._place(seconds):
            raise errors.Busy("Too many are waiting for the news service.")
        try:
            return self._answer(question, end - monotonic(), parent)
        except urllib3.exceptions.NewConnectionError as error:  # refused, though it is a kind of their time-out
            raise errors.NewsFailed() from error
        except urllib3.exceptions.TimeoutError as error:
            raise errors.NewsSlow() from error
        except urllib3.exceptions.HTTPError as error:
            raise errors.NewsFailed() from error
        finally:
            self._places.give(None)

    def _place(self, seconds: float) -> bool:
        """Whether a connection came free in so many seconds."""
        try:
            self._places.take(seconds)
        except TimeoutError:
            return False
        return True

    def _answer(self, question: dict[str, str], seconds: float, parent: str | None) -> list[userdb_news.Item]:
        """What the service says in so many seconds, to the last byte. Raises NewsFailed, and what the client does."""
        with closing(self._response(question, monotonic() + seconds, parent)) as response:
            body = userdb_news.Body(response.headers.get("Content-Encoding"))
            for piece in response.stream(65_536, decode_content=False):
                body.add(piece)
            return userdb_news.items(response.status, body.data)

    def _response(
        self, question: dict[str, str], end: float, parent: str | None, again: bool = True
    ) -> urllib3.BaseHTTPResponse:
        """The head of the answer. Asks once more where a kept connection ended meanwhile, as aiohttp does."""
        try:
            return self._client.request(
                "GET", self._settings.news_url, fields=question, headers=userdb_news.headers(parent), redirect=False,
                timeout=urllib3.Timeout(total=max(end - monotonic(), 0.001)), preload_content=False, decode_content=False,
            )  # fmt: skip
        except urllib3.exceptions.ProtocolError as error:
            if again and isinstance(error.args[-1], ConnectionError):
                return self._response(question, end, parent, again=False)
            raise
