"""Every page as somebody sees it: one table for all that is to hold on every page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from playwright.sync_api import BrowserContext, Page

from tests.browser.hands import press
from tests.support.accounts import SESSIONS, account
from userdb.sessions import COOKIE

ADMIN, USER = 1, 7


@dataclass(frozen=True)
class View:
    """A page, who looks at it, and what is sent with its form, if anything."""

    path: str
    heading: str
    user_id: int | None = None  # who is logged in
    message: str = ""  # what the page is to say of what was done before it
    sends: Mapping[str, str] | None = None
    status: int = 200


UNFIT = {"username": "a b", "email": "nobody", "age": "old", "password": "short"}
TAKEN = {"username": "admin", "email": "somebody@example.org", "password": "long enough"}
STALE = {"username": "somebody", "email": "somebody@example.org", "version": "0"}

VIEWS = {
    "home": View("/", "User database"),
    "home-admin": View("/", "User database", ADMIN),
    "users": View("/users", "Users"),
    "users-admin": View("/users", "Users", ADMIN),
    "users-search": View("/users?q=user000001", "Users"),
    "users-none": View("/users?q=nobody", "Users"),
    "users-second": View("/users?after=20", "Users"),
    "user": View("/users/7", "user0000007"),
    "user-own": View("/users/7", "user0000007", USER, message="changed"),
    "docs": View("/docs", "API"),
    "docs-admin": View("/docs", "API", ADMIN),
    "login": View("/login", "Log in"),
    "login-next": View("/users/new", "Log in"),
    "login-wrong": View("/login", "Log in", sends={"username": "admin", "password": "wrong"}, status=401),
    "login-unfit": View("/login", "Log in", sends={"username": "a b", "password": "x"}, status=422),
    "register": View("/register", "Register"),
    "register-unfit": View("/register", "Register", sends=UNFIT, status=422),
    "register-taken": View("/register", "Register", sends=TAKEN, status=409),
    "new": View("/users/new", "New user", ADMIN),
    "new-unfit": View("/users/new", "New user", ADMIN, sends=UNFIT, status=422),
    "edit": View("/users/1/edit", "Edit user 1", ADMIN),
    "edit-own": View("/users/7/edit", "Edit user 7", USER),
    "edit-unfit": View("/users/1/edit", "Edit user 1", ADMIN, sends=UNFIT, status=422),
    "edit-stale": View("/users/1/edit", "Edit user 1", ADMIN, sends=STALE, status=412),
    "remove": View("/users/7/delete", "Remove user0000007?", ADMIN),
    "remove-stale": View("/users/7/delete", "Remove user0000007?", ADMIN, sends={"version": "0"}, status=412),
    "logout": View("/logout", "Log out", ADMIN),
    "logout-nobody": View("/logout", "Log out"),
    "not-found": View("/nope", "Not Found", status=404),
    "invalid": View("/users?limit=0&after=x", "Unprocessable Content", status=422),
    "forbidden": View("/users/new", "Forbidden", USER, status=403),
    "of-nginx": View("/static/nope", "Not Found", status=404),
}


def enter(context: BrowserContext, url: str, user_id: int, message: str = "") -> None:
    """Log a seeded user in, as far as the browser is concerned; `message` is what the next page says."""
    session = SESSIONS.flashed(SESSIONS.begin(account(user_id)), message)
    context.add_cookies([{"name": COOKIE, "value": SESSIONS.token(session), "url": url}])


def show(page: Page, url: str, view: View) -> None:
    """Bring a page to where it looks like this."""
    if view.user_id is not None:
        enter(page.context, url, view.user_id, view.message)
    answer = page.goto(url + view.path)
    if view.sends is not None:
        # Past what typing would allow, for what a field can't hold must be told all the same.
        for name, value in view.sends.items():
            page.locator(f"main form [name={name}]").evaluate("(field, value) => { field.value = value }", value)
        answer = press(page, page.locator("main form[method=post] button").inner_text())
    assert answer is not None
    assert answer.status == view.status
