"""What is asked of the news service, and how its answer is read. The apps send it; nothing here does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from userdb import trace
from userdb.errors import NewsFailed, Problem
from userdb.models import User

LARGEST_ANSWER = 262_144
"""Bytes of an answer of the service that an app takes, a thousand times what is usual; as many requests wait at once."""

HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}
"""Sent with every question. Nothing compressed is wanted: a few bytes may hold any number."""


def headers(parent: str | None) -> dict[str, str]:
    """What is sent: HEADERS, and to which trace the question belongs where it belongs to one."""
    return {**HEADERS, trace.HEADER: parent} if parent else HEADERS


class Item(msgspec.Struct, frozen=True):
    """One piece of news."""

    title: str
    url: str


class Source(NamedTuple):
    """What one source of a feed gave, from 1: its news, or why there is none."""

    number: int
    items: list[Item]
    problem: Problem | None


class Feed(NamedTuple):
    """The news of several sources in their order, and the sources that gave none."""

    items: list[Item]
    missing: list[Source]


class _Answer(msgspec.Struct):
    items: list[Item]


class Body:
    """The body of an answer as it comes, piece by piece."""

    def __init__(self, content_encoding: str | None) -> None:
        if content_encoding not in (None, "identity"):
            raise NewsFailed()
        self.data = bytearray()

    def add(self, piece: bytes) -> None:
        """One more piece. Raises NewsFailed beyond LARGEST_ANSWER."""
        self.data += piece
        if len(self.data) > LARGEST_ANSWER:
            raise NewsFailed()


_decoder = msgspec.json.Decoder(_Answer)


def question(user: User, source: int | None = None) -> dict[str, str]:
    """The query that asks for news about a user, from a source of that number where one is given."""
    return {"user": user.username} | ({} if source is None else {"source": str(source)})


def items(status: int, body: bytes | bytearray) -> list[Item]:
    """The news in an answer of the service. Raises NewsFailed where it is none."""
    if status != 200:
        raise NewsFailed()
    try:
        return _decoder.decode(body).items
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # the last one for what is nested too deeply
        raise NewsFailed() from None


def merged(sources: Sequence[Source]) -> Feed:
    """One feed of several sources; those that failed don't lose the others. Raises the first problem where all failed."""
    missing = [source for source in sources if source.problem is not None]
    if missing and len(missing) == len(sources) and missing[0].problem is not None:
        raise missing[0].problem
    return Feed([item for source in sources for item in source.items], missing)
