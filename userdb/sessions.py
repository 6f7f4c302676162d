"""Sessions: what the cookie of a page and the token of the API hold, and the token that each form carries.

One codec, read and written by both apps. A session is signed, not encrypted: it holds nothing that its owner may not know.
Logging out ends it in the database, and changing the password ends all sessions of a user, for each holds a stamp of the hash.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Sequence

import msgspec
from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from userdb.errors import Unauthorized
from userdb.models import Account

COOKIE = "session"
NOBODY = 0
"""The user id of a session in which nobody is logged in; it carries a form's token and a message."""


class Session(msgspec.Struct, frozen=True, array_like=True):
    """One session."""

    id: str
    user_id: int
    stamp: str
    expires: int  # seconds since the epoch
    flash: str = ""  # a message for the next page


class Sessions:
    """Reads and writes sessions that last so many seconds. The first key signs, all are believed."""

    def __init__(self, keys: Sequence[str], seconds: int) -> None:
        ordered = list(reversed(keys))  # the library signs with the last one
        self._seconds = seconds
        self._sessions = Signer(ordered, salt="tandem.session", digest_method=hashlib.sha256)
        self._forms = Signer(ordered, salt="tandem.form", digest_method=hashlib.sha256)

    def begin(self, account: Account | None = None) -> Session:
        """A new session, of an account or of nobody."""
        user_id = account.user.id if account else NOBODY
        return Session(secrets.token_hex(16), user_id, stamp(account), int(time.time()) + self._seconds)

    def flashed(self, session: Session | None, flash: str) -> Session:
        """The session, or a new one of nobody, with a message for the next page."""
        return msgspec.structs.replace(session or self.begin(), flash=flash)

    def token(self, session: Session) -> str:
        """The session as text."""
        return self._sessions.sign(base64_encode(msgspec.json.encode(session))).decode()

    def read(self, token: str) -> Session | None:
        """The session that a text holds; None for one that was not signed here, or is over."""
        try:
            session = msgspec.json.decode(base64_decode(self._sessions.unsign(token.encode())), type=Session)
        except (BadData, msgspec.DecodeError, UnicodeError):
            return None
        return session if session.expires > time.time() else None

    def of_bearer(self, authorization: str | None) -> Session | None:
        """The session of an Authorization header."""
        scheme, _, token = (authorization or "").partition(" ")
        return self.read(token.strip()) if scheme.lower() == "bearer" else None

    def of_cookie(self, cookies: str | None) -> Session | None:
        """The session of a Cookie header."""
        return self.read(in_cookies(cookies, COOKIE) or "")

    def cookie(self, session: Session, secure: bool) -> str:
        """The Set-Cookie header that brings a session to a browser, over TLS alone if `secure`."""
        seconds = max(0, session.expires - int(time.time()))
        text = f"{COOKIE}={self.token(session)}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax"
        return text + "; Secure" if secure else text

    def csrf_token(self, session: Session) -> str:
        """What a form carries to show that it was sent by a page of this session."""
        return self._forms.get_signature(session.id.encode()).decode()

    def is_csrf_token(self, session: Session, token: str) -> bool:
        """Whether it is the token of this session's forms."""
        return self._forms.verify_signature(session.id.encode(), token.encode("utf-8", "replace"))


def belongs(session: Session, account: Account | None) -> bool:
    """Whether the session is still that of the account: the password has not changed since it began."""
    return account is not None and hmac.compare_digest(session.stamp, stamp(account))


def required(session: Session, account: Account | None) -> Account:
    """The account that the session is still of. Raises Unauthorized."""
    if account is None or not belongs(session, account) or session.expires <= time.time():
        raise Unauthorized()
    return account


def in_cookies(cookies: str | None, wanted: str) -> str | None:
    """The value of the first cookie of this name in a Cookie header."""
    pairs = (pair.strip().partition("=") for pair in (cookies or "").split(";"))
    return next((value for name, _, value in pairs if name == wanted), None)


def stamp(account: Account | None) -> str:
    """What a session knows of the password with which it began."""
    if account is None or account.password_hash is None:
        return ""
    return hashlib.sha256(account.password_hash.encode()).hexdigest()[:16]
