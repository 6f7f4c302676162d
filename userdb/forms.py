"""Untrusted bodies become typed values, or an error that names all that is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from userdb import urls
from userdb.errors import BadRequest, Invalid, UnsupportedMediaType
from userdb.models import User

LARGEST_BODY = 65_536
"""Bytes that an app takes in a request body; nginx refuses more before it, with the same answer."""

PASSWORD_LENGTH = (8, 128)
"""Characters of a new password, at least and at most: the length is what counts (NIST SP 800-63B, section 5.1.1)."""

RULES = {
    "username": "1 to 80 letters (A to Z), digits, '.', '_' or '-'",
    "email": "local@domain, at most 120 ASCII characters",
    "age": "a whole number from 0 to 150, or null",
    "password": f"{PASSWORD_LENGTH[0]} to {PASSWORD_LENGTH[1]} characters",
}
"""What each field of a user must be, in words."""

PAGE_RULES = RULES | {"age": "a whole number from 0 to 150, or nothing"}
"""The same where a person reads it."""

# \Z, because $ would let a newline through at the end.
Username = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,80}\Z", description=RULES["username"])]
Email = Annotated[str, Meta(pattern=r"^(?=.{3,120}\Z)[!-?A-~]+@[!-?A-~]+\Z", description=RULES["email"])]
Age = Annotated[int, Meta(ge=0, le=150, description=RULES["age"])]
Password = Annotated[
    str, Meta(min_length=PASSWORD_LENGTH[0], max_length=PASSWORD_LENGTH[1], description=RULES["password"])
]
# Of a login any length will do to be wrong.
GivenPassword = Annotated[
    str, Meta(max_length=PASSWORD_LENGTH[1], description=f"at most {PASSWORD_LENGTH[1]} characters")
]


class UserForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a client decides about a user: the body of POST and PUT. A password that is not named stays."""

    username: Username
    email: Email
    age: Age | None = None
    password: Password | UnsetType = UNSET

    def applied_to(self, user: User) -> UserForm:
        """What `user` shall become: PUT replaces everything."""
        return self


class UserChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Some of it: the body of PATCH. What is not named stays."""

    username: Username | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    age: Age | UnsetType | None = UNSET
    password: Password | UnsetType = UNSET

    def applied_to(self, user: User) -> UserForm:
        """What `user` shall become: only what is named changes."""
        return UserForm(
            username=user.username if self.username is UNSET else self.username,
            email=user.email if self.email is UNSET else self.email,
            age=user.age if self.age is UNSET else self.age,
            password=self.password,
        )


class LoginForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants to log in, and the password that shows it."""

    username: Username
    password: GivenPassword


class Preconditions(msgspec.Struct, frozen=True):
    """The conditional headers of a request as they came, several of one name joined by commas; None where absent."""

    if_match: str | None
    if_none_match: str | None


Form = TypeVar("Form", UserForm, UserChange, LoginForm)


def user_form(content_type: str | None, body: bytes) -> UserForm:
    """The body of POST and PUT. Raises UnsupportedMediaType, BadRequest or Invalid."""
    form = _decoded(content_type, body, UserForm)
    return msgspec.structs.replace(form, email=form.email.lower())


def user_change(content_type: str | None, body: bytes) -> UserChange:
    """The body of PATCH. Raises UnsupportedMediaType, BadRequest or Invalid."""
    change = _decoded(content_type, body, UserChange)
    return change if change.email is UNSET else msgspec.structs.replace(change, email=change.email.lower())


def login_form(content_type: str | None, body: bytes) -> LoginForm:
    """The body of POST /api/login. Raises UnsupportedMediaType, BadRequest or Invalid."""
    return _decoded(content_type, body, LoginForm)


def new_password(form: UserForm | UserChange) -> str | None:
    """The password that a form gives a user, None where it leaves it as it is."""
    return None if form.password is UNSET else form.password


def fields(content_type: str | None, body: bytes, known: Collection[str]) -> dict[str, str]:
    """What a person filled in, by field, as a browser sends it. Raises UnsupportedMediaType, BadRequest or Invalid."""
    if _media_type(content_type) != "application/x-www-form-urlencoded":
        raise UnsupportedMediaType("The body must be application/x-www-form-urlencoded.")
    return urls.parameters(body, known)


def filled_in_user(fields: Mapping[str, str], registers: bool = False) -> UserForm:
    """The user that a page's fields describe; an empty password means none, unless a person registers. Raises Invalid."""
    given: dict[str, Any] = {name: fields.get(name, "").strip() for name in ("username", "email", "age")}
    if not given["age"]:
        given["age"] = None
    elif _NUMBER.match(given["age"]):
        given["age"] = int(given["age"])
    if registers or fields.get("password"):
        given["password"] = fields.get("password", "")
    form = _converted(given, UserForm)
    return msgspec.structs.replace(form, email=form.email.lower())


def filled_in_login(fields: Mapping[str, str]) -> LoginForm:
    """Who logs in on a page. Raises Invalid."""
    return _converted(
        {"username": fields.get("username", "").strip(), "password": fields.get("password", "")}, LoginForm
    )


def faults_of(given: Mapping[str, Any], form: type[Any]) -> list[tuple[str, str]]:
    """What is wrong with each field that a person filled in."""
    return _faults(form, given, PAGE_RULES, msgspec.convert)


_NUMBER = re.compile(r"[0-9]{1,9}\Z")


def _media_type(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()


def _converted(given: Mapping[str, Any], form: type[Form]) -> Form:
    try:
        return msgspec.convert(given, form)
    except msgspec.ValidationError:
        raise Invalid(errors=faults_of(given, form)) from None


def _decoded(content_type: str | None, body: bytes, form: type[Form]) -> Form:
    if _media_type(content_type) != "application/json":
        raise UnsupportedMediaType()
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _explained(body, form) from None


def _explained(body: bytes, form: type[Any]) -> BadRequest | Invalid:
    """Why a body is refused."""
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
    return Invalid(errors=_faults(form, given, RULES, lambda raw, kind: msgspec.json.decode(raw, type=kind)))


def _faults(
    form: type[Any], given: Mapping[str, Any], rules: Mapping[str, str], convert: Callable[[Any, Any], Any]
) -> list[tuple[str, str]]:
    """What is wrong with each field: msgspec stops at the first fault, so every field is looked at by itself."""
    found = []
    for field in msgspec.structs.fields(form):
        if field.name not in given:
            found += [(field.name, "is missing")] if field.required else []
            continue
        try:
            convert(given[field.name], field.type)
        except (msgspec.DecodeError, UnicodeDecodeError):
            found.append((field.name, f"must be {rules[field.name]}"))
    known = form.__struct_fields__
    return found + [(name, "is not known") for name in given if name not in known]
