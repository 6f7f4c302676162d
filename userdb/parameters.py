"""What the statements that write a user, or read a page of them, are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select

from userdb import statements
from userdb.csv_files import BATCH
from userdb.forms import UserForm
from userdb.models import timestamp
from userdb.sessions import Session
from userdb.urls import PageOfUsers


def page(asked: PageOfUsers) -> tuple[Select[Any], dict[str, Any]]:
    """PAGE or SEARCH, and its values: one user more than is shown tells whether there is another page."""
    if asked.by_name:
        return statements.SEARCH, {"first": asked.first, "last": asked.last, "count": asked.limit + 1}
    return statements.PAGE, {"after": asked.after, "count": asked.limit + 1}


def creation(author: Session | None, form: UserForm, password_hash: str | None) -> dict[str, Any]:
    """For CREATE: the user of a form, made now."""
    return {
        "username": form.username,
        "email": form.email,
        "age": form.age,
        "created_at": timestamp(),
        "password_hash": password_hash,
        "session_id": author.id if author else "",
    }


def names(batch: Sequence[UserForm]) -> dict[str, Any]:
    """For TAKEN_AMONG: what these users shall be called; where there are fewer than it asks for, the last is asked for again."""
    whole = [*batch, *[batch[-1]] * (BATCH - len(batch))]
    return {
        **{f"username_{number}": form.username for number, form in enumerate(whole)},
        **{f"email_{number}": form.email for number, form in enumerate(whole)},
    }


def creations(batch: Sequence[UserForm]) -> dict[str, Any]:
    """For create_some: these users, made now, without a password."""
    values: dict[str, Any] = {"created_at": timestamp()}
    for number, form in enumerate(batch):
        values |= {f"username_{number}": form.username, f"email_{number}": form.email, f"age_{number}": form.age}
    return values


def change(author: Session, user_id: int, wanted: UserForm, password_hash: str | None) -> dict[str, Any]:
    """For CHANGE: what the user shall become; without a hash the old one stays."""
    return {
        "session_id": author.id,
        "user_id": user_id,
        "new_username": wanted.username,
        "new_email": wanted.email,
        "new_age": wanted.age,
        "new_password_hash": password_hash,
    }
