"""Whoever reads a page: the account that is logged in, and what the next page is to say."""

from __future__ import annotations

import msgspec

from userdb.errors import Forbidden, LogInFirst
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


class Visitor(msgspec.Struct, frozen=True):
    """One visit to a page. `set_cookie` is what the answer must bring to the browser, if anything."""

    session: Session | None
    account: Account | None
    form_token: str
    message: str
    set_cookie: str | None

    def may_change(self, user_id: int) -> bool:
        """Whether the page offers to change this user."""
        return self.account is not None and self.account.may_change(user_id)

    def may_remove(self, user_id: int) -> bool:
        """Whether it offers to remove this user."""
        return self.account is not None and self.account.may_remove(user_id)

    def logged_in(self, path: str) -> Account:
        """The account. Raises LogInFirst, which leads back to this path."""
        if self.account is None:
            raise LogInFirst(path)
        return self.account


def visitor(sessions: Sessions, session: Session | None, account: Account | None, secure: bool) -> Visitor:
    """A visit with this session; a message in it is said now and not again."""
    if session is None:
        return Visitor(None, None, "", "", None)
    cookie = sessions.cookie(msgspec.structs.replace(session, flash=""), secure) if session.flash else None
    return Visitor(session, account, sessions.form_token(session), MESSAGES.get(session.flash, ""), cookie)


def begun(sessions: Sessions, visitor: Visitor, secure: bool) -> Visitor:
    """The same visit with a session, begun if there was none: a page with a form needs its token."""
    if visitor.session is not None:
        return visitor
    session = sessions.begin()
    return Visitor(session, None, sessions.form_token(session), "", sessions.cookie(session, secure))


def refuse_strangers(
    sessions: Sessions, visitor: Visitor, token: str, fetch_site: str | None, origin: str | None, own: str
) -> None:
    """Raise Forbidden unless a form was sent by a page of ours, and of this visitor's session.

    Browsers tell where a request comes from: Sec-Fetch-Site, or Origin where that is not sent (https://web.dev/fetch-metadata).
    `own` is the origin of this site. Whoever tells neither is no browser, and still needs the token.
    """
    foreign = fetch_site not in ("same-origin", "none") if fetch_site is not None else origin not in (None, own)
    if foreign or visitor.session is None or not sessions.is_form_token(visitor.session, token):
        raise Forbidden("The form was not sent by a page of this site, or the session is over: open the page again.")
