"""What is asked of the news service, and how its answer is read. The apps send it; nothing here does."""

from __future__ import annotations

import msgspec

from userdb.errors import NewsFailed
from userdb.models import User


class Item(msgspec.Struct, frozen=True):
    """One piece of news."""

    title: str
    url: str


class _Answer(msgspec.Struct):
    items: list[Item]


_decoder = msgspec.json.Decoder(_Answer)


def question(user: User) -> dict[str, str]:
    """The query that asks for news about a user."""
    return {"user": user.username}


def items(status: int, body: bytes) -> list[Item]:
    """The news in an answer of the service. Raises NewsFailed where it is none."""
    if status != 200:
        raise NewsFailed()
    try:
        return _decoder.decode(body).items
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NewsFailed() from None
