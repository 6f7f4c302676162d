"""Entity tags: the version of a user in quotes, and what a client makes depend on it (RFC 9110, sections 8.8.3 and 13)."""

from __future__ import annotations

import re

from userdb.errors import PreconditionFailed
from userdb.forms import Preconditions
from userdb.models import User

# One element of If-Match or If-None-Match: an optional weakness mark and an opaque tag.
_TAG = re.compile(r'(W/)?("[!#-~\x80-\xff]*")\Z')


def of(user: User) -> str:
    """The strong entity tag of a user: ids are never used again, so the version alone tells two states apart."""
    return f'"{user.version}"'


def is_known(user: User, if_none_match: str | None) -> bool:
    """Whether If-None-Match names the user's present state, so that GET answers 304 (weak comparison)."""
    return if_none_match is not None and _names(user, if_none_match, weak=True)


def check(user: User, preconditions: Preconditions) -> None:
    """Raise PreconditionFailed where a change of `user` was asked for on a condition that does not hold.

    A header that can't be read names no state: If-Match then fails, If-None-Match then holds.
    """
    if preconditions.if_match is not None and not _names(user, preconditions.if_match, weak=False):
        raise PreconditionFailed()
    if preconditions.if_none_match is not None and _names(user, preconditions.if_none_match, weak=True):
        raise PreconditionFailed()


def _names(user: User, header: str, weak: bool) -> bool:
    if header.strip() == "*":
        return True
    # A comma inside a tag is legal but none of ours has one: such an element just matches nothing.
    found = (_TAG.match(element.strip()) for element in header.split(","))
    return any(tag and tag[2] == of(user) and (weak or not tag[1]) for tag in found)
