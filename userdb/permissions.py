"""Who may do what: reading is for everybody, a user may change and remove themselves, an administrator anyone."""

from __future__ import annotations

from userdb.errors import Forbidden
from userdb.models import Account


def may_change(account: Account, user_id: int) -> bool:
    """Whether the account may change this user: itself, or anyone for an administrator."""
    return account.is_admin or account.user.id == user_id


def may_remove(account: Account, user_id: int) -> bool:
    """The same for removing; an administrator who removed himself might leave none."""
    return account.is_admin != (account.user.id == user_id)


def to_create(account: Account) -> None:
    """Raise Forbidden unless the account may create users; people of their own register."""
    if not account.is_admin:
        raise Forbidden("Only an administrator creates other users.")


def to_change(account: Account, user_id: int) -> None:
    """Raise Forbidden unless the account may change this user."""
    if not may_change(account, user_id):
        raise Forbidden("You may change only yourself.")


def to_remove(account: Account, user_id: int) -> None:
    """Raise Forbidden unless the account may remove this user."""
    to_change(account, user_id)
    if not may_remove(account, user_id):
        raise Forbidden("An administrator is removed by another one.")
