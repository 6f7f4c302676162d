"""Untrusted input becomes a typed value, or an error that names all that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated, Any, TypeVar
from urllib.parse import unquote_to_bytes

import msgspec
from msgspec import UNSET, Meta, UnsetType

from userdb.errors import BadRequest, Invalid, NotFound, UnsupportedMediaType
from userdb.models import User

LARGEST_ID = 2**63 - 1
PAGE, LARGEST_PAGE = 20, 100
"""Users of a page, if the client names no number, and at most."""

LONGEST_SEARCH = 80
SOURCES, MOST_SOURCES = 5, 20
"""Sources of a feed, if the client names no number, and at most."""

LARGEST_BODY = 65_536
"""Bytes that an app takes in a request body; nginx refuses more before it, with the same answer."""

RULES = {
    "username": "1 to 80 letters, digits, '.', '_' or '-'",
    "email": "local@domain, at most 120 ASCII characters",
    "age": "a whole number from 0 to 150, or null",
}
"""What each field of a user must be, in words."""

# \Z, because $ would let a newline through at the end.
Username = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,80}\Z", description=RULES["username"])]
Email = Annotated[str, Meta(pattern=r"^(?=.{3,120}\Z)[!-?A-~]+@[!-?A-~]+\Z", description=RULES["email"])]
Age = Annotated[int, Meta(ge=0, le=150, description=RULES["age"])]


class UserForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a client decides about a user: the body of POST and PUT."""

    username: Username
    email: Email
    age: Age | None = None

    def applied_to(self, user: User) -> UserForm:
        """What `user` shall become: PUT replaces everything."""
        return self


class UserChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Some of it: the body of PATCH. What is not named stays."""

    username: Username | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    age: Age | UnsetType | None = UNSET

    def applied_to(self, user: User) -> UserForm:
        """What `user` shall become: only what is named changes."""
        return UserForm(
            username=user.username if self.username is UNSET else self.username,
            email=user.email if self.email is UNSET else self.email,
            age=user.age if self.age is UNSET else self.age,
        )


class PageOfUsers(msgspec.Struct, frozen=True):
    """Which users are asked for: up to `limit` with ids above `after` and usernames that begin with `q`."""

    after: int = 0
    limit: int = PAGE
    q: str = ""


class Preconditions(msgspec.Struct, frozen=True):
    """The conditional headers of a request as they came, several of one name joined by commas; None where absent."""

    if_match: str | None
    if_none_match: str | None


Form = TypeVar("Form", UserForm, UserChange)

_DIGITS = re.compile(r"[0-9]{1,19}\Z")
_SIGNED = re.compile(r"[+-]?[0-9]{1,40}\Z")
_BROKEN_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_SEARCH = re.compile(rf"[^\x00-\x1f\x7f]{{0,{LONGEST_SEARCH}}}\Z")


def user_id(text: str) -> int:
    """An id from a path: ASCII digits, 1 to 2**63 - 1. Raises NotFound for anything else, however long."""
    if _DIGITS.match(text) and 1 <= int(text) <= LARGEST_ID:
        return int(text)
    raise NotFound("There is no such user.")


def user_form(content_type: str | None, body: bytes) -> UserForm:
    """The body of POST and PUT. Raises UnsupportedMediaType, BadRequest or Invalid."""
    form = _decoded(content_type, body, UserForm)
    return msgspec.structs.replace(form, email=form.email.lower())


def user_change(content_type: str | None, body: bytes) -> UserChange:
    """The body of PATCH. Raises UnsupportedMediaType, BadRequest or Invalid."""
    change = _decoded(content_type, body, UserChange)
    return change if change.email is UNSET else msgspec.structs.replace(change, email=change.email.lower())


def page_of_users(query: bytes, strict: bool = True) -> PageOfUsers:
    """Which page of users a query string asks for. Raises BadRequest or Invalid.

    `strict` refuses parameters that are not known, as the API does; a page ignores what others add to its links.
    """
    values = parameters(query, PageOfUsers.__struct_fields__, strict)
    errors = []
    after, limit, q = values.get("after", ""), values.get("limit", ""), values.get("q", "")
    if after and not (_DIGITS.match(after) and int(after) <= LARGEST_ID):
        errors.append(("after", "must be a whole number from 0 to 9223372036854775807"))
    if limit and not (_DIGITS.match(limit) and 1 <= int(limit) <= LARGEST_PAGE):
        errors.append(("limit", f"must be a whole number from 1 to {LARGEST_PAGE}"))
    if not _SEARCH.match(q):
        errors.append(("q", f"must be at most {LONGEST_SEARCH} characters, none of them a control character"))
    if errors:
        raise Invalid(errors=errors)
    return PageOfUsers(after=int(after or 0), limit=int(limit or PAGE), q=q)


def sources(query: bytes) -> int:
    """How many sources a feed shall have. Raises BadRequest or Invalid."""
    given = parameters(query, ("sources",)).get("sources", str(SOURCES))
    if not (_DIGITS.match(given) and 1 <= int(given) <= MOST_SOURCES):
        raise Invalid(errors=[("sources", f"must be a whole number from 1 to {MOST_SOURCES}")])
    return int(given)


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


def no_parameters(query: bytes) -> None:
    """Refuse any query on an address of the API that takes none. Raises BadRequest or Invalid."""
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


def _decoded(content_type: str | None, body: bytes, form: type[Form]) -> Form:
    if (content_type or "").partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType()
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _explained(body, form) from None


def _explained(body: bytes, form: type[Any]) -> BadRequest | Invalid:
    """Why a body is refused: msgspec stops at the first fault, so every field is looked at once more by itself."""
    # A form has no nesting. Deep nesting would end in a RecursionError at a depth that differs between the servers.
    if body.count(b"[") + body.count(b"{") > 100:
        return BadRequest("The JSON is nested too deeply.")
    try:
        body.decode()  # what msgspec only skips over it does not check
        given = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        return Invalid("The body must be a JSON object.")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return BadRequest("The body is not JSON in UTF-8.")
    errors = []
    for field in msgspec.structs.fields(form):
        if field.name in given:
            errors += _field_error(field, given[field.name])
        elif field.required:
            errors.append((field.name, "is missing"))
    known = form.__struct_fields__
    errors += [(name, "is not known") for name in given if name not in known]
    return Invalid(errors=errors)


def _field_error(field: msgspec.structs.FieldInfo, raw: msgspec.Raw) -> list[tuple[str, str]]:
    try:
        msgspec.json.decode(raw, type=field.type)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return [(field.name, f"must be {RULES[field.name]}")]
    return []
