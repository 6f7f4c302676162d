"""Values become pages: status, headers and body of every answer that a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import jinja2

from userdb import errors, operations, statuses, wire
from userdb.forms import PAGE_RULES
from userdb.models import User
from userdb.sessions import Session, Sessions
from userdb.urls import PageOfUsers
from userdb.viewer import Viewer
from userdb.wire import Answer

HTML = "text/html; charset=utf-8"

LONGEST_VALUE = 1000
"""Characters of a field that are sent back to be mended: escaped, a value could be five times as long as it came."""

_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    auto_reload=False,  # looking at the file before every page costs a system call
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

# All read and compiled now: the first request for a page would hold up all the others of its process.
_templates = {name: _environment.get_template(name) for name in _environment.list_templates()}


def home(viewer: Viewer) -> Answer:
    """The page `/`."""
    return _page(200, "home.html", viewer)


def users(viewer: Viewer, found: list[User], page: PageOfUsers) -> Answer:
    """The page `/users`; `found` holds one more than the page's limit where there is a next page."""
    following = wire.next_page("/users", found, page)
    return _page(200, "users.html", viewer, users=found[: page.limit], page=page, next=following)


def user(viewer: Viewer, user: User) -> Answer:
    """The page `/users/{id}`."""
    return _page(200, "user.html", viewer, user=user)


def docs(viewer: Viewer) -> Answer:
    """The page `/docs`."""
    return _page(200, "docs.html", viewer, operations=operations.OPERATIONS)


def register(viewer: Viewer, fields: Mapping[str, str], problem: errors.Problem | None = None) -> Answer:
    """The page on which a person becomes a user; with a problem once more, with what was filled in."""
    return _form("register.html", viewer, fields, problem)


def new_user(viewer: Viewer, fields: Mapping[str, str], problem: errors.Problem | None = None) -> Answer:
    """The page on which an administrator creates a user."""
    return _form("new.html", viewer, fields, problem)


def edit_user(viewer: Viewer, user_id: int, fields: Mapping[str, str], problem: errors.Problem | None = None) -> Answer:
    """The page on which a user is changed."""
    return _form("edit.html", viewer, fields, problem, user_id=user_id)


def delete_user(viewer: Viewer, user: User, problem: errors.Problem | None = None) -> Answer:
    """The page that asks whether a user shall be removed."""
    return _form("delete.html", viewer, {"version": str(user.version)}, problem, user=user)


def login(viewer: Viewer, fields: Mapping[str, str], problem: errors.Problem | None = None) -> Answer:
    """The page on which a person logs in."""
    return _form("login.html", viewer, fields, problem)


def logout(viewer: Viewer) -> Answer:
    """The page that asks whether the person wants to log out."""
    return _form("logout.html", viewer, {}, None)


def filled(user: User) -> dict[str, str]:
    """The fields of a form about a user as he is now."""
    age = "" if user.age is None else str(user.age)
    return {"username": user.username, "email": user.email, "age": age, "version": str(user.version)}


def redirect(path: str, sessions: Sessions, session: Session, secure: bool, *more: tuple[str, str]) -> Answer:
    """Send the browser to another page after a form was accepted, with the session that it is to have."""
    cookie = sessions.cookie(session, secure)
    headers = [("location", path), ("content-length", "0"), wire.NO_STORE, ("set-cookie", cookie), *more]
    return Answer(303, headers, b"")


def error(problem: errors.Problem, path: str, request_id: str) -> Answer:
    """What whoever asked for this path is told of an error: problem+json below /api and /lab, a page elsewhere."""
    if path == "/api" or path.startswith(("/api/", "/lab/")):
        return wire.problem(problem, request_id)
    return _problem(problem, request_id)


def _problem(problem: errors.Problem, request_id: str) -> Answer:
    """What a person is told of an error."""
    title = statuses.TITLES.get(problem.status, "Error")
    values = {"problem": problem, "title": title, "request_id": request_id, "viewer": None}
    return wire.answer(problem.status, HTML, _rendered("problem.html", values), *problem.headers)


def _form(
    template: str, viewer: Viewer, fields: Mapping[str, str], problem: errors.Problem | None, **values: object
) -> Answer:
    """A page with a form. What was wrong stands beside its field, and above all what belongs to none."""
    status, headers = (problem.status, problem.headers) if problem else (200, [])
    faults = dict(problem.errors) if problem else {}
    fields = {name: value[:LONGEST_VALUE] for name, value in fields.items()}
    return _page(
        status, template, viewer, *headers, fields=fields, problem=problem, faults=faults, rules=PAGE_RULES, **values
    )


def _page(status: int, template: str, viewer: Viewer, *headers: tuple[str, str], **values: object) -> Answer:
    body = _rendered(template, {"viewer": viewer, **values})
    return wire.answer(status, HTML, body, *headers, *_for_one(viewer))


def _for_one(viewer: Viewer) -> list[tuple[str, str]]:
    """The headers of a page that depends on who reads it."""
    found = [("vary", "cookie")]
    if viewer.session is not None:
        found.append(wire.NO_STORE)
    if viewer.set_cookie is not None:
        found.append(("set-cookie", viewer.set_cookie))
    return found


def _rendered(template: str, values: Mapping[str, object]) -> bytes:
    return _templates[template].render(values).encode()
