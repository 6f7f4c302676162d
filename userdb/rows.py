"""What rows of the database become, and what it means where there is none."""

from __future__ import annotations

from typing import Any

from userdb import errors
from userdb.models import Account, User


def user(row: Any) -> User:
    """One user. Raises NotFound."""
    if row is None:
        raise errors.NotFound("There is no such user.")
    return User(*row)


def account(row: Any) -> Account | None:
    """One account, if there is one."""
    if row is None:
        return None
    *fields, password_hash, is_admin = row
    return Account(User(*fields), password_hash, bool(is_admin))  # SQLite's own type for it is a number


def there(found: Account | None) -> User:
    """The user of an account. Raises NotFound."""
    if found is None:
        raise errors.NotFound("There is no such user.")
    return found.user


def written(row: Any) -> Any:
    """What a statement has written. It wrote nothing if the session was ended. Raises Unauthorized."""
    if row is None:
        raise errors.Unauthorized()
    return row
