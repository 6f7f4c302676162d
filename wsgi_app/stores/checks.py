"""What must be true before something is written, asked over a connection of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from userdb import csv_files, errors, parameters, rows, sessions, statements
from userdb.attempts import Counter
from userdb.forms import UserForm
from userdb.models import Account
from userdb.sessions import Session


def check_taken(connection: Any, user_id: int, form: UserForm) -> None:
    """Return if nobody else has the name or the address. Raises Taken."""
    values = {"user_id": user_id, "username": form.username, "email": form.email}
    result = connection.execute(statements.TAKEN, values)
    names = result.scalars().all()
    if names:
        raise errors.Taken("username" if form.username in names else "email")


def check_lines(connection: Any, forms: Sequence[UserForm]) -> None:
    """Return if nobody has any of the names or addresses of a file. Raises LinesTaken."""
    taken: list[Any] = []
    for batch in csv_files.batches(forms):
        result = connection.execute(statements.TAKEN_AMONG, parameters.names(batch))
        taken += result.all()
    csv_files.refuse_taken(forms, taken)


def locked(connection: Any, author: Session, user_id: int) -> tuple[Account, Account | None]:
    """Who writes and who is written, locked in the order of their ids: of two who write each other none waits in vain."""
    found = {}
    for each in sorted({author.user_id, user_id}):
        lock = statements.LOCK if each == user_id else statements.LOCK_AUTHOR
        result = connection.execute(lock, {"user_id": each})
        found[each] = rows.account(result.one_or_none())
    return sessions.required(author, found[author.user_id]), found[user_id]


def check_pauses(connection: Any, counters: list[Counter], now: int) -> None:
    """Return if none of these counters has a pause. Raises TooManyAttempts."""
    result = connection.execute(statements.PAUSED, {"first": counters[0].key, "last": counters[-1].key})
    end = result.scalar_one() or 0
    if end > now:
        raise errors.TooManyAttempts(end - now)
