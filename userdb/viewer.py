"""The viewer of a page: session, account, CSRF token and flash message."""

from __future__ import annotations

import msgspec

from userdb import permissions
from userdb.errors import Forbidden, LoginRequired
from userdb.models import Account
from userdb.sessions import Session, Sessions

MESSAGES = {
    "registered": "Welcome. You are registered and logged in.",
    "logged-in": "You are logged in.",
    "logged-out": "You are logged out.",
    "created": "The user was created.",
    "changed": "The changes were saved.",
    "removed": "The user was removed.",
}
"""What a page says once, about what was done before it."""


class Viewer(msgspec.Struct, frozen=True):
    """Who views one page. `set_cookie` is what the answer must bring to the browser, if anything."""

    session: Session | None
    account: Account | None
    csrf_token: str
    message: str
    set_cookie: str | None

    def may_change(self, user_id: int) -> bool:
        """Whether the page offers to change this user."""
        return self.account is not None and permissions.may_change(self.account, user_id)

    def may_remove(self, user_id: int) -> bool:
        """Whether it offers to remove this user."""
        return self.account is not None and permissions.may_remove(self.account, user_id)

    def require_account(self, path: str) -> Account:
        """The account. Raises LoginRequired, which leads back to this path."""
        return self.require_login(path)[1]

    def require_login(self, path: str) -> tuple[Session, Account]:
        """The session and its account. Raises LoginRequired, which leads back to this path."""
        if self.session is None or self.account is None:
            raise LoginRequired(path)
        return self.session, self.account


def of_session(sessions: Sessions, session: Session | None, account: Account | None, secure: bool) -> Viewer:
    """The viewer with this session; a message in it is said now and not again."""
    if session is None:
        return Viewer(None, None, "", "", None)
    cookie = sessions.cookie(msgspec.structs.replace(session, flash=""), secure) if session.flash else None
    return Viewer(session, account, sessions.csrf_token(session), MESSAGES.get(session.flash, ""), cookie)


def with_session(sessions: Sessions, viewer: Viewer, secure: bool) -> Viewer:
    """The same viewer with a session, a new one if there was none: a page with a form needs its CSRF token."""
    if viewer.session is not None:
        return viewer
    session = sessions.begin()
    return Viewer(session, None, sessions.csrf_token(session), "", sessions.cookie(session, secure))


def is_foreign(fetch_site: str | None, origin: str | None, own: str) -> bool:
    """Whether a browser says that a page of another site made a request: by Sec-Fetch-Site, or by Origin where that is not sent
    (https://web.dev/fetch-metadata). `own` is the origin of this site."""
    return fetch_site not in ("same-origin", "none") if fetch_site is not None else origin not in (None, own)


def check_csrf(
    sessions: Sessions, viewer: Viewer, token: str, fetch_site: str | None, origin: str | None, own: str
) -> None:
    """Raise Forbidden unless a form was sent by a page of this site, and with the CSRF token of this viewer's session.

    Whoever tells nothing of where it comes from is no browser, and still needs the token.
    """
    if (
        is_foreign(fetch_site, origin, own)
        or viewer.session is None
        or not sessions.is_csrf_token(viewer.session, token)
    ):
        raise Forbidden("The form was not sent by a page of this site, or the session is over: open the page again.")
