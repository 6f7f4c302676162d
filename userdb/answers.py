"""The shapes of all JSON answers: what `wire` encodes and what the OpenAPI document describes."""

from __future__ import annotations

import msgspec

from userdb.models import User
from userdb.news import Item


class Status(msgspec.Struct, frozen=True):
    """Of the app or its database: `ok` or `ready`."""

    status: str


class Sum(msgspec.Struct, frozen=True):
    """Of two numbers; it may be longer than 64 bits."""

    sum: int


class UserList(msgspec.Struct, frozen=True):
    """A page of users by id, and the URL of the next page."""

    users: list[User]
    next: str | None


class Imported(msgspec.Struct, frozen=True):
    """How many users a file has brought."""

    imported: int


class UserNews(msgspec.Struct, frozen=True):
    """The news about a user."""

    user: str
    items: list[Item]


class Token(msgspec.Struct, frozen=True):
    """What a login gives: to be sent as `Authorization: Bearer …` until it expires."""

    token: str
    expires_at: str


class MissingSource(msgspec.Struct, frozen=True):
    """A source of a feed that gave no news, and why: the status that its failure would have had by itself."""

    source: int
    status: int
    detail: str


class UserFeed(msgspec.Struct, frozen=True):
    """The news of several sources in their order; what is missing of it is said."""

    user: str
    items: list[Item]
    missing: list[MissingSource]


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with one field or parameter."""

    field: str
    message: str


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True):
    """An error (RFC 9457), in this member order; `request_id` and `errors` are extensions."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[FieldError] | msgspec.UnsetType = msgspec.UNSET
