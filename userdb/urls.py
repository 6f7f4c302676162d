"""What a URL asks for: its path and its query become typed values, or an error that names all that is wrong."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import unquote_to_bytes

import msgspec

from userdb.errors import BadRequest, Invalid, NotFound

LARGEST_ID = 2**63 - 1
PAGE, LARGEST_PAGE = 20, 100
"""Users of a page, if the client names no number, and at most."""

LONGEST_SEARCH = 80
SOURCES, MOST_SOURCES = 5, 20
"""Sources of a feed, if the client names no number, and at most."""

LONGEST_BLOCK, LONGEST_OPEN = 10_000, 600_000
"""Milliseconds for which a route below /lab blocks at most, and for which one stays open."""

MOST_PARAMETERS = 100
"""Parameters of a query, or fields of a form: each that is wrong is named, and an answer must not grow with what is sent."""

_DIGITS = re.compile(r"[0-9]{1,19}\Z")
_SIGNED = re.compile(r"[+-]?[0-9]{1,40}\Z")
_BROKEN_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_SEARCH = re.compile(rf"[^\x00-\x1f\x7f]{{0,{LONGEST_SEARCH}}}\Z")
_SEARCH_RULE = f"must be at most {LONGEST_SEARCH} characters, none of them a control character"
# A way within this site: what a browser takes for another host begins with two slashes, or with a backslash among them.
_LOCAL = re.compile(r"/(?!/)[!-\[\]-~]{0,500}\Z")


class PageOfUsers(msgspec.Struct, frozen=True):
    """Which users are asked for: up to `limit`, by id from after `after` on; or those whose names begin with `q`, by name
    from after `after_username` on."""

    after: int = 0
    after_username: str = ""
    limit: int = PAGE
    q: str = ""

    @property
    def by_name(self) -> bool:
        """Whether users come in the order of their names, not of their ids."""
        return bool(self.q or self.after_username)

    @property
    def first(self) -> str:
        """What is at most the first name: after a name comes, at the earliest, itself with the least character of names."""
        return max(self.q, self.after_username + "-") if self.after_username else self.q

    @property
    def last(self) -> str:
        """What is above all names that begin with `q`: "~" sorts after every character of names."""
        return self.q + "~"


def user_id(text: str) -> int:
    """An id from a path: ASCII digits, 1 to 2**63 - 1. Raises NotFound for anything else, however long."""
    if _DIGITS.match(text) and 1 <= int(text) <= LARGEST_ID:
        return int(text)
    raise NotFound("There is no such user.")


def page_of_users(query: bytes, strict: bool = True) -> PageOfUsers:
    """Which page of users a query string asks for. Raises BadRequest or Invalid.

    `strict` refuses parameters that are not known, as the API does; a page ignores what others add to its links, and the space
    that a phone's keyboard adds to a word.
    """
    values = parameters(query, PageOfUsers.__struct_fields__, strict)
    errors = []
    after, limit, q = values.get("after", ""), values.get("limit", ""), values.get("q", "")
    after_username = values.get("after_username", "")
    q = q if strict else q.strip(" ")
    if after and not (_DIGITS.match(after) and int(after) <= LARGEST_ID):
        errors.append(("after", "must be a whole number from 0 to 9223372036854775807"))
    elif after and (q or after_username):
        errors.append(("after", "is for users by id: a search goes on with after_username"))
    if not _SEARCH.match(after_username):
        errors.append(("after_username", _SEARCH_RULE))
    if limit and not (_DIGITS.match(limit) and 1 <= int(limit) <= LARGEST_PAGE):
        errors.append(("limit", f"must be a whole number from 1 to {LARGEST_PAGE}"))
    if not _SEARCH.match(q):
        errors.append(("q", _SEARCH_RULE))
    if errors:
        raise Invalid(errors=errors)
    return PageOfUsers(int(after or 0), after_username, int(limit or PAGE), q)


def sources(query: bytes) -> int:
    """How many sources a feed shall have. Raises BadRequest or Invalid."""
    given = parameters(query, ("sources",)).get("sources", str(SOURCES))
    if not (_DIGITS.match(given) and 1 <= int(given) <= MOST_SOURCES):
        raise Invalid(errors=[("sources", f"must be a whole number from 1 to {MOST_SOURCES}")])
    return int(given)


def block_seconds(query: bytes) -> float:
    """For how many seconds a route below /lab is to block. Raises BadRequest or Invalid."""
    return amount(query, "ms", LONGEST_BLOCK) / 1000


def amount(query: bytes, name: str, most: int) -> int:
    """How much a route below /lab is to do, under the only name that it knows. Raises BadRequest or Invalid."""
    given = parameters(query, (name,)).get(name, "")
    if not (_DIGITS.match(given) and 1 <= int(given) <= most):
        raise Invalid(errors=[(name, f"must be a whole number from 1 to {most}")])
    return int(given)


def last_event_id(query: bytes) -> str | None:
    """The event that a client had last where its query says so: a browser's WebSocket sends no headers of its page's choice.

    Raises BadRequest or Invalid.
    """
    return parameters(query, ("last_event_id",)).get("last_event_id")


def summands(query: bytes) -> tuple[int, int]:
    """The two 64-bit integers of /api/add. Raises BadRequest or Invalid."""
    values = parameters(query, ("a", "b"))
    wrong = [name for name in ("a", "b") if not _is_64_bit(values.get(name, ""))]
    if wrong:
        raise Invalid(errors=[(name, "must be a whole number from -2**63 to 2**63-1") for name in wrong])
    return int(values["a"]), int(values["b"])


def parameters(query: bytes, known: Collection[str], strict: bool = True) -> dict[str, str]:
    """The parameters of a raw query string by name. Raises BadRequest for broken encoding, Invalid for a repeated
    parameter and, if `strict`, for one that is not known."""
    values: dict[str, str] = {}
    errors = []
    if query.count(b"&") >= MOST_PARAMETERS:
        raise BadRequest(f"There are more than {MOST_PARAMETERS} parameters.")
    for pair in query.split(b"&") if query else ():
        name, _, value = (_unquoted(part) for part in pair.partition(b"="))
        if name in values:
            errors.append((name, "is given more than once"))
        elif name in known:
            values[name] = value
        elif strict and pair:
            errors.append((name, "is not known"))
    if errors:
        raise Invalid(errors=list(dict.fromkeys(errors)))
    return values


def next_page(query: bytes) -> str:
    """Where a person wants to go after logging in: a URL within this site, "/" where none is named."""
    return local(parameters(query, ("next",), strict=False).get("next", ""))


def local(url: str) -> str:
    """The URL if it is one within this site, else "/"."""
    return url if _LOCAL.match(url) else "/"


def no_parameters(query: bytes) -> None:
    """Refuse any query on a route of the API that takes none. Raises BadRequest or Invalid."""
    if query:
        parameters(query, ())


def _is_64_bit(text: str) -> bool:
    return bool(_SIGNED.match(text)) and -(2**63) <= int(text) < 2**63


def _unquoted(part: bytes) -> str:
    if _BROKEN_PERCENT.search(part):
        raise BadRequest("The percent-encoding of the query is broken.")
    try:
        return unquote_to_bytes(part.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise BadRequest("The query is not UTF-8.") from None
