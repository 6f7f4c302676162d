"""Values become exactly the bytes that are sent: status, headers and body of every answer, JSON and HTML."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import jinja2
import msgspec

from userdb import answers, errors, etags, openapi
from userdb.forms import PageOfUsers
from userdb.models import User
from userdb.news import Feed, Item

JSON = "application/json"
PROBLEM = "application/problem+json"
HTML = "text/html; charset=utf-8"


class Answer(msgspec.Struct, frozen=True):
    """One answer, complete: content-type and content-length are among the headers where there is a body. Names are in
    lower case, as ASGI demands; HTTP does not mind."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


_encode = msgspec.json.Encoder().encode

_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    auto_reload=False,  # looking at the file before every page costs a system call
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def healthy() -> Answer:
    """The app answers."""
    return _answer(200, JSON, b'{"status":"ok"}')


def ready() -> Answer:
    """The database answers too."""
    return _answer(200, JSON, b'{"status":"ready"}')


def total(summands: tuple[int, int]) -> Answer:
    """The sum of two numbers, which may be longer than 64 bits."""
    return _answer(200, JSON, b'{"sum":%d}' % sum(summands))


def user(user: User, if_none_match: str | None = None) -> Answer:
    """One user, or 304 without a body where the client has this state already."""
    if etags.is_known(user, if_none_match):
        return Answer(304, [("etag", etags.of(user))], b"")
    return _answer(200, JSON, _encode(user), ("etag", etags.of(user)))


def created(user: User) -> Answer:
    """A user that was just created, and where it is."""
    return _answer(201, JSON, _encode(user), ("location", f"/api/users/{user.id}"), ("etag", etags.of(user)))


def removed() -> Answer:
    """Nothing more to say."""
    return Answer(204, [], b"")


def options(allow: str) -> Answer:
    """The methods that an address takes."""
    return Answer(204, [("allow", allow)], b"")


def users(found: list[User], page: PageOfUsers) -> Answer:
    """A page of users; `found` holds one more than the page's limit where there is a next page."""
    return _answer(200, JSON, _encode(answers.UserList(found[: page.limit], _next("/api/users", found, page))))


def news(user: User, items: list[Item]) -> Answer:
    """What the news service says about a user."""
    return _answer(200, JSON, _encode(answers.UserNews(user.username, items)))


def feed(user: User, feed: Feed) -> Answer:
    """The news of several sources, in their order; a source that gave none stands under `missing` with the reason."""
    missing = [
        answers.MissingSource(s.number, s.problem.status, s.problem.detail)
        for s in feed.missing
        if s.problem is not None
    ]
    return _answer(200, JSON, _encode(answers.UserFeed(user.username, feed.items, missing)))


def openapi_document() -> Answer:
    """The description of the API."""
    return _answer(200, JSON, openapi.DOCUMENT)


def docs_page() -> Answer:
    """The page `/docs`."""
    return _page(200, "docs.html", operations=openapi.OPERATIONS)


def home_page() -> Answer:
    """The page `/`."""
    return _page(200, "home.html")


def users_page(found: list[User], page: PageOfUsers) -> Answer:
    """The page `/users`; `found` as for `users`."""
    return _page(200, "users.html", users=found[: page.limit], page=page, next=_next("/users", found, page))


def user_page(user: User) -> Answer:
    """The page `/users/{id}`."""
    return _page(200, "user.html", user=user)


def problem(problem: errors.Problem, path: str, request_id: str) -> Answer:
    """What a client is told of an error: problem+json below /api, a page elsewhere."""
    if path == "/api" or path.startswith("/api/"):
        return _problem_json(problem, request_id)
    return _problem_page(problem, request_id)


def _problem_json(problem: errors.Problem, request_id: str) -> Answer:
    body = _encode(
        answers.ProblemDetails(
            title=errors.TITLES.get(problem.status, "Error"),
            status=problem.status,
            detail=problem.detail,
            request_id=request_id,
            errors=[answers.FieldError(field, message) for field, message in problem.errors] or msgspec.UNSET,
        )
    )
    return _answer(problem.status, PROBLEM, body, *problem.headers)


def _problem_page(problem: errors.Problem, request_id: str) -> Answer:
    title = errors.TITLES.get(problem.status, "Error")
    return _page(problem.status, "problem.html", *problem.headers, problem=problem, title=title, request_id=request_id)


def _next(path: str, found: list[User], page: PageOfUsers) -> str | None:
    if len(found) <= page.limit:
        return None
    search = f"&q={quote(page.q, safe='')}" if page.q else ""
    return f"{path}?after={found[page.limit - 1].id}&limit={page.limit}{search}"


def _page(status: int, template: str, *headers: tuple[str, str], **values: object) -> Answer:
    return _answer(status, HTML, _templates.get_template(template).render(values).encode(), *headers)


def _answer(status: int, content_type: str, body: bytes, *headers: tuple[str, str]) -> Answer:
    return Answer(status, [("content-type", content_type), ("content-length", str(len(body))), *headers], body)
