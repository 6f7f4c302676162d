"""A news service of a test's own, that answers as the test says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlsplit

from tests.support.serving import Handler, serving

Reply = Callable[[dict[str, str], threading.Event], tuple[int, bytes]]
"""From what is asked for (`user`, and the number of a `source` where one is named) and an event that ends all waiting, to
status and body."""


@contextmanager
def news_service(reply: Reply) -> Iterator[str]:
    """Serve it on a port of its own; gives its URL."""
    release = threading.Event()

    class News(Handler):
        protocol_version = "HTTP/1.0"  # a connection for each question, so that none is found closed

        def get(self) -> None:
            self.answer(*reply(dict(parse_qsl(urlsplit(self.path).query)), release))

    with serving(News) as server:
        try:
            yield f"{server.url}/news"
        finally:
            release.set()


def always(status: int, body: bytes, delay: float = 0.0) -> Reply:
    """The same answer to everything, after some seconds."""

    def reply(query: dict[str, str], release: threading.Event) -> tuple[int, bytes]:
        release.wait(delay)
        return status, body

    return reply
