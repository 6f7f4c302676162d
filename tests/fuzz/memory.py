"""Placeholders: what a stack gave, and sessions that both believe, are written into a request only when it is sent.

`{token}` is the last token that a login gave, `{owner}` the id of its user; `{cookie}` and `{visitor}` are the same of the
cookie; `{csrf}` and `{version}` are the hidden fields of the last form, `{etag}` is the last entity tag, `{id}` the id in the
last Location. `{token-1}` is the one before. Each stack gives tokens of its own, so each has a memory.

`{bearer:7}` and `{session:7}` are sessions of user 7 that the tests sign, and so the same for both stacks; 0 is nobody.
`{csrf:7}` belongs to the forms of `{session:7}`. The others are refused, or say something once: see MINTED.
"""

from __future__ import annotations

import functools
import re
from email.message import Message

import msgspec

from tests.fuzz.seed import account
from tests.support.accounts import KEY
from userdb.sessions import COOKIE, NOBODY, Session, Sessions

CODEC = Sessions([KEY], 10**8)
"""Signs sessions that outlast any fuzzing."""

STRANGER = Sessions(["a key that no stack knows, and long enough"], 10**8)

GIVEN = ("token", "owner", "cookie", "visitor", "csrf", "version", "etag", "id")
MINTED = ("bearer", "session", "csrf", "flashed", "forged", "expired", "outdated")

_PLACEHOLDER = re.compile(rb"\{([a-z]+)(-1|:\d+)\}|\{([a-z]+)\}")
_IN_BODY = {
    "token": re.compile(rb'"token":"([^"]+)"'),
    "csrf": re.compile(rb'name="csrf" value="([^"]+)"'),
    "version": re.compile(rb'name="version" value="(\d+)"'),
}
_IN_COOKIE = re.compile(rf"{COOKIE}=([^;]+)")
_IN_LOCATION = re.compile(r"/users/(\d+)\Z")


class Memory:
    """What one stack gave last, and before, by the name of the placeholder."""

    def __init__(self) -> None:
        self.given: dict[str, str] = {}

    def note(self, headers: Message, body: bytes) -> None:
        """Remember what an answer gives."""
        for name, pattern in _IN_BODY.items():
            if found := pattern.search(body):
                self._keep(name, found[1].decode())
        if cookie := _IN_COOKIE.search(headers.get("Set-Cookie", "")):
            self._keep("cookie", cookie[1])
        if location := _IN_LOCATION.search(headers.get("Location", "")):
            self._keep("id", location[1])
        if etag := headers.get("ETag"):
            self._keep("etag", etag)

    def filled(self, request: bytes) -> bytes:
        """The request as it is sent; what was not given yet is empty."""
        head, _, body = _PLACEHOLDER.sub(self._value, request).partition(b"\r\n\r\n")
        if body.startswith(b"{chunked}"):
            body = body.removeprefix(b"{chunked}")
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        return head.replace(b"{length}", b"%d" % len(body)) + b"\r\n\r\n" + body

    def _keep(self, name: str, value: str) -> None:
        if value != self.given.get(name):
            self.given[f"{name}-1"] = self.given.get(name, "")
            self.given[name] = value
        if whose := {"token": "owner", "cookie": "visitor"}.get(name):
            session = CODEC.read(value)
            self.given[whose] = str(session.user_id if session else NOBODY)

    def _value(self, found: re.Match[bytes]) -> bytes:
        name, which = (found[1] or found[3]).decode(), (found[2] or b"").decode()
        if which.startswith(":") and name in MINTED:
            return minted(name, int(which[1:])).encode()
        return self.given.get(name + which, "").encode() if name in GIVEN else found[0]


@functools.cache
def minted(kind: str, user_id: int) -> str:
    """What the tests sign themselves, the same for both stacks as long as this process lives."""
    session = _session("session" if kind == "csrf" else kind, user_id)
    match kind:
        case "csrf":
            return CODEC.csrf_token(session)
        case "flashed":  # it brings a message for the next page
            return CODEC.token(CODEC.flashed(session, "changed"))
        case "forged":
            return STRANGER.token(session)
        case "expired":
            return CODEC.token(msgspec.structs.replace(session, expires=1))
        case "outdated":  # as if the password had changed since
            return CODEC.token(msgspec.structs.replace(session, stamp="0" * 16))
    return CODEC.token(session)


@functools.cache
def _session(kind: str, user_id: int) -> Session:
    """Each kind has a session of its own: logging out of one leaves the others."""
    return CODEC.begin(account(user_id) if user_id != NOBODY else None)
