"""Units of work of the direct stores, each a generator: it yields statements with their values and is sent the rows.

Neither a driver nor an event loop is known here: `run` is told how a statement is executed.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeVar

from sqlalchemy import ClauseElement

from userdb import attempts, csv_files, errors, etags, events, lab, parameters, permissions, rows, sessions, statements
from userdb.attempts import Counter
from userdb.events import Event, Kept
from userdb.forms import Preconditions, UserChange, UserForm
from userdb.models import Account, User
from userdb.sessions import NOBODY, Session
from userdb.urls import PageOfUsers

Result = TypeVar("Result")

Values = dict[str, Any]
Rows = list[Any]
Execute = Callable[[ClauseElement, Values], Rows]
Unit = Generator[tuple[ClauseElement, Values], Rows, Result]


def run(unit: Unit[Result], execute: Execute) -> Result:
    """What a unit returns when everything that it yields is executed."""
    try:
        statement, values = next(unit)
        while True:
            statement, values = unit.send(execute(statement, values))
    except StopIteration as end:
        result: Result = end.value
        return result


def sqlite_version() -> Unit[str]:
    """The version of the library that a connection has."""
    found = yield statements.SQLITE_VERSION, {}
    return str(_value(found))


def schema() -> Unit[str | None]:
    """The migration of which the database is, if it tells."""
    found = yield statements.SCHEMA, {}
    return _value(found) if found else None


def ready() -> Unit[None]:
    """That the database answers."""
    yield statements.READY, {}


def wait(seconds: float) -> Unit[None]:
    """A statement that takes so long."""
    yield lab.SLEEP, {"seconds": seconds}


def page_of_users(page: PageOfUsers) -> Unit[list[User]]:
    """Up to `page.limit` + 1 users in the order of their ids, or in that of their names."""
    found = yield parameters.page(page)
    return [User(*row) for row in found]


def read_user(user_id: int) -> Unit[User]:
    """One user. Raises NotFound."""
    found = yield statements.READ, {"user_id": user_id}
    return rows.user(_row(found))


def check_new(form: UserForm) -> Unit[None]:
    """That a user can be made of `form`, as far as can be seen before it is done. Raises Taken."""
    yield from _check_taken(NOBODY, form)


def check_change(user_id: int, form: UserForm | UserChange, preconditions: Preconditions) -> Unit[None]:
    """The same of a change. Raises NotFound, PreconditionFailed, Taken."""
    user = yield from read_user(user_id)
    etags.check(user, preconditions)
    yield from _check_taken(user_id, form.applied_to(user))


def create_user(author: Session | None, form: UserForm, password_hash: str | None) -> Unit[User]:
    """The user that is made of `form`, by nobody else where there is no author. Raises Unauthorized, Forbidden, Taken."""
    if author is not None:
        found = yield statements.LOCK_AUTHOR, {"user_id": author.user_id}
        permissions.to_create(sessions.required(author, rows.account(_row(found))))
    made = yield statements.CREATE, parameters.creation(author, form, password_hash)
    return User(*rows.written(_row(made)))


def create_users(author: Session, forms: Sequence[UserForm]) -> Unit[None]:
    """All these users, or none of them. Raises Unauthorized, Forbidden, LinesTaken, and Taken where others came between."""
    yield statements.LOCK_AUTHOR, {"user_id": author.user_id}
    writing = yield from account(author)  # after the lock, as everywhere
    permissions.to_create(sessions.required(author, writing))
    taken: Rows = []
    for batch in csv_files.batches(forms):
        taken += yield statements.TAKEN_AMONG, parameters.names(batch)
    csv_files.refuse_taken(forms, taken)
    for batch in csv_files.batches(forms):
        yield statements.create_some(len(batch)), parameters.creations(batch)


def change_user(
    author: Session,
    user_id: int,
    form: UserForm | UserChange,
    preconditions: Preconditions,
    password_hash: str | None,
) -> Unit[User]:
    """The user as `form` leaves it; without a hash the old one stays.

    Raises Unauthorized, Forbidden, NotFound, PreconditionFailed, Taken.
    """
    writing, found = yield from _locked(author, user_id)
    permissions.to_change(writing, user_id)
    user = rows.there(found)
    etags.check(user, preconditions)
    changed = yield statements.CHANGE, parameters.change(author, user_id, form.applied_to(user), password_hash)
    return User(*rows.written(_row(changed)))


def remove_user(author: Session, user_id: int, preconditions: Preconditions) -> Unit[None]:
    """Remove a user. Raises Unauthorized, Forbidden, NotFound, PreconditionFailed."""
    writing, found = yield from _locked(author, user_id)
    permissions.to_remove(writing, user_id)
    etags.check(rows.there(found), preconditions)
    removed = yield statements.REMOVE, {"session_id": author.id, "user_id": user_id}
    rows.written(_row(removed))


def find_account(username: str) -> Unit[Account | None]:
    """The account with this name, if there is one."""
    found = yield statements.FIND_ACCOUNT, {"username": username}
    return rows.account(_row(found))


def account(session: Session) -> Unit[Account | None]:
    """The account whose session it is, unless the session was ended."""
    found = yield statements.ACCOUNT, {"user_id": session.user_id, "session_id": session.id}
    return rows.account(_row(found))


def end_session(session: Session, now: int) -> Unit[None]:
    """Remember that the session is over, for as long as it would have lasted; what it writes just now comes first."""
    yield statements.LOCK, {"user_id": session.user_id}
    yield statements.FORGET_SESSIONS, {"now": now}
    yield statements.END_SESSION, {"session_id": session.id, "expires": session.expires}


def check_pauses(counters: list[Counter], now: int) -> Unit[None]:
    """That there may be an attempt to log in, as far as can be seen before it is counted. Raises TooManyAttempts."""
    found = yield statements.PAUSED, {"first": counters[0].key, "last": counters[-1].key}
    end = _value(found) or 0
    if end > now:
        raise errors.TooManyAttempts(end - now)


def count_attempt(counters: list[Counter], now: int, login_window: int) -> Unit[None]:
    """Count an attempt to log in, by all these counters or by none. Raises TooManyAttempts in a pause."""
    yield statements.FORGET_ATTEMPTS, {"before": now - attempts.MEMORY * login_window}
    for counter in counters:
        counted = yield statements.COUNT_ATTEMPT, {"key": counter.key, "now": now}
        if not counted:
            yield from check_pauses(counters, now)
            raise errors.TooManyAttempts(1)  # the pause has ended meanwhile
        if pause := attempts.pause(counter, _value(counted)):
            yield statements.PAUSE, {"of": counter.key, "end": now + pause}


def clear_attempts(counters: list[Counter]) -> Unit[None]:
    """Forget the attempts of the first counter, and by the others this one: it has succeeded."""
    yield statements.CLEAR_ATTEMPTS, {"of": counters[0].key}
    for counter in counters[1:]:
        yield statements.UNCOUNT_ATTEMPT, {"of": counter.key}


def kept_events() -> Unit[Kept]:
    """Which events there are still."""
    found = yield statements.KEPT_EVENTS, {}
    return events.kept(*_row(found))


def events_after(last: int) -> Unit[list[Event]]:
    """The next events after one, up to a piece of them."""
    found = yield statements.EVENTS_AFTER, {"last": last, "count": events.PIECE}
    return [Event(*row) for row in found]


def _check_taken(user_id: int, form: UserForm) -> Unit[None]:
    found = yield statements.TAKEN, {"user_id": user_id, "username": form.username, "email": form.email}
    if found:
        raise errors.Taken("username" if (form.username,) in found else "email")


def _locked(author: Session, user_id: int) -> Unit[tuple[Account, Account | None]]:
    """Who writes and who is written, locked in the order of their ids: of two who write each other none waits in vain."""
    found = {}
    for each in sorted({author.user_id, user_id}):
        lock = statements.LOCK if each == user_id else statements.LOCK_AUTHOR
        locked = yield lock, {"user_id": each}
        found[each] = rows.account(_row(locked))
    return sessions.required(author, found[author.user_id]), found[user_id]


def _row(found: Rows) -> Any:
    """The only row, if there is one."""
    return found[0] if found else None


def _value(found: Rows) -> Any:
    """The only value of the only row."""
    return found[0][0]
