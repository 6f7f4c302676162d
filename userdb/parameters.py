"""What the statements that write a user are given."""

from __future__ import annotations

from typing import Any

from userdb.forms import UserForm
from userdb.models import timestamp
from userdb.sessions import Session


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
