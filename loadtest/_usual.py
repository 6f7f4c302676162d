"""What right answers hold in their usual form: of each seeded user the JSON, the rows of pages, and the news."""

from __future__ import annotations

from functools import lru_cache
from json import dumps

import _seeded

KNOWN = 1 << 14
"""Seeded users of whom it is kept what a right answer holds: some 20 MB where as many are asked for."""


@lru_cache(KNOWN)
def json(user_id: int) -> bytes:
    name, age = _seeded.username(user_id), _seeded.age(user_id)
    return (
        f'{{"id":{user_id},"username":"{name}","email":"{name}@example.org","age":{"null" if age is None else age},'
        f'"created_at":"{_seeded.created_at(user_id)}","version":1}}'
    ).encode()


@lru_cache(KNOWN)
def terms(user_id: int) -> bytes:
    name, created_at = _seeded.username(user_id), _seeded.created_at(user_id)
    return (
        f"<dt>Id</dt><dd>{user_id}</dd>\n<dt>Email</dt><dd>{name}@example.org</dd>\n<dt>Age</dt><dd>{shown(_seeded.age(user_id))}"
        f'</dd>\n<dt>Created</dt><dd><time datetime="{created_at}">{created_at}</time></dd>\n<dt>Version</dt><dd>1</dd>'
    ).encode()


@lru_cache(KNOWN)
def row(user_id: int) -> bytes:
    name = _seeded.username(user_id)
    return (
        f'<tr><td>{user_id}</td><th scope="row"><a href="/users/{user_id}">{name}</a></th><td>{name}@example.org</td>'
        f"<td>{shown(_seeded.age(user_id))}</td></tr>"
    ).encode()


@lru_cache(KNOWN)
def news(username: str) -> bytes:
    return dumps({"user": username, "items": _seeded.news(username)}, separators=(",", ":")).encode()


def cells(user_id: int) -> tuple[str, ...]:
    """The cells of a seeded user in the table, with the id in its link."""
    name = _seeded.username(user_id)
    return str(user_id), str(user_id), name, f"{name}@example.org", shown(_seeded.age(user_id))


def shown(value: object) -> str:
    return "–" if value is None else str(value)
