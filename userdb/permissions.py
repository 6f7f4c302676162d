"""Who may do what: reading is for everybody, a user may change and remove themselves, an administrator anyone."""

from __future__ import annotations

from userdb.errors import Forbidden
from userdb.models import Account


def to_create(account: Account) -> None:
    """Raise Forbidden unless the account may create users; people of their own register."""
    if not account.is_admin:
        raise Forbidden("Only an administrator creates other users.")


def to_change(account: Account, user_id: int) -> None:
    """Raise Forbidden unless the account may change this user."""
    if not account.may_change(user_id):
        raise Forbidden("You may change only yourself.")


def to_remove(account: Account, user_id: int) -> None:
    """Raise Forbidden unless the account may remove this user."""
    to_change(account, user_id)
    if not account.may_remove(user_id):
        raise Forbidden("An administrator is removed by another one.")
