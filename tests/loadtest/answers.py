"""Answers of the app as the checks of the load test see them: right ones, and ways to make them wrong."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

JSON = {"content-type": "application/json"}

HTML = {"content-type": "text/html; charset=utf-8"}


class Answer(NamedTuple):
    status_code: int
    headers: dict[str, str]
    content: bytes


def one(user_id: int = 7, **different: Any) -> dict[str, Any]:
    name = f"user{user_id:07d}"
    body = {"id": user_id, "username": name, "email": f"{name}@example.org", "age": 18 + user_id * 37 % 80}
    return {**body, "created_at": f"2026-01-01T00:00:{user_id:02d}Z", "version": 1, **different}


def as_json(body: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status, {**JSON, **headers}, json.dumps(body).encode())


def compact(answer: Answer) -> Answer:
    """The same in the form that the apps use."""
    return answer._replace(content=json.dumps(json.loads(answer.content), separators=(",", ":")).encode())


LAYOUT = (
    '<title>x</title><link rel="stylesheet" href="/static/style.css"><a class="brand" href="/">x</a><main id="main">'
    '<form class="search" action="/users"><th scope="col">Username</th><nav class="pages"></nav><a href="/docs">x</a>'
    '<a href="/users">x</a><a href="/api/users">x</a><a href="/api/users/7">The same as JSON</a><a href="/api/users/7/news">x</a>'
)
"""What pages have around users."""


def as_page(heading: str, content: str = "", end: str = "</html>\n") -> Answer:
    return Answer(200, HTML, f"<html>{LAYOUT}<h1>{heading}</h1>{content}{end}".encode())


def without(part: str, answer: Answer) -> Answer:
    """The same without a part, which is less work."""
    assert part.encode() in answer.content
    return answer._replace(content=answer.content.replace(part.encode(), b""))


def listed(*ids: int, following: str | None = "/api/users?after=4&limit=2", **different: Any) -> Answer:
    return as_json({"users": [one(user_id, **different) for user_id in ids], "next": following})


def table(*ids: int, link: str = "/users?after=4&amp;limit=2", between: str = "\n", **different: Any) -> Answer:
    users = [one(user_id, **different) for user_id in ids]
    rows = between.join(
        f'<tr><td>{user["id"]}</td><th scope="row"><a href="/users/{user["id"]}">{user["username"]}</a></th>'
        f"<td>{user['email']}</td><td>{user['age']}</td></tr>"
        for user in users
    )
    return as_page("Users", f'{rows}<a rel="next" href="{link}">')


def profile(between: str = "\n", **different: Any) -> Answer:
    user = one(7, **different)
    created = f'<time datetime="{user["created_at"]}">{user["created_at"]}</time>'
    terms = {
        "Id": user["id"],
        "Email": user["email"],
        "Age": user["age"],
        "Created": created,
        "Version": user["version"],
    }
    content = between.join(f"<dt>{term}</dt><dd>{value}</dd>" for term, value in terms.items())
    return as_page(user["username"], f"<dl>{content}</dl>")
