"""All SQL, built once and here, executed by the stores. Values come in as parameters only."""

from __future__ import annotations

from functools import cache

from sqlalchemy import (
    String,
    TextClause,
    bindparam,
    delete,
    exists,
    false,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    text,
    update,
)

from userdb.csv_files import BATCH
from userdb.events import Event
from userdb.models import User, ended_sessions, events, login_attempts, users

COLUMNS = [users.c[name] for name in User.__struct_fields__]
ACCOUNT_COLUMNS = [*COLUMNS, users.c.password_hash, users.c.is_admin]

READY = select(literal(1))

# Of which migration the database is; alembic keeps it there.
SCHEMA = text("SELECT version_num FROM alembic_version")

# No OFFSET: a page costs the same wherever it is in the table.
PAGE = select(*COLUMNS).where(users.c.id > bindparam("after")).order_by(users.c.id).limit(bindparam("count"))

# A prefix is a range of names (urls.PageOfUsers), in their own order: the index on them holds a page as its next rows. In
# the order of ids a search would have to look at every user that it finds, or at every one that it doesn't. LIKE would
# ignore case in SQLite.
SEARCH = (
    select(*COLUMNS)
    .where(users.c.username >= bindparam("first"), users.c.username < bindparam("last"))
    .order_by(users.c.username)
    .limit(bindparam("count"))
)

READ = select(*COLUMNS).where(users.c.id == bindparam("user_id"))

# Another user with one of these values: asked before a password is hashed, which would be in vain.
TAKEN = (
    select(users.c.username)
    .where(users.c.id != bindparam("user_id"))
    .where(or_(users.c.username == bindparam("username"), users.c.email == bindparam("email")))
)

# Within a writing transaction: PostgreSQL locks the row, of whoever writes against changes and of whom is written against all;
# SQLite, which has locked the file already, ignores the clause. Locks are taken in the order of ids.
LOCK_AUTHOR = select(*ACCOUNT_COLUMNS).where(users.c.id == bindparam("user_id")).with_for_update(read=True)
LOCK = select(*ACCOUNT_COLUMNS).where(users.c.id == bindparam("user_id")).with_for_update()

# That the session of whoever writes was not ended. It stands in what writes, after the lock that ending a session takes too:
# in the statement that waits for the lock, PostgreSQL would still see the time before it.
_goes_on = ~exists().where(ended_sessions.c.id == bindparam("session_id"))

CREATE = (
    insert(users)
    .from_select(
        ["username", "email", "age", "created_at", "version", "password_hash", "is_admin"],
        select(
            bindparam("username", type_=users.c.username.type),
            bindparam("email", type_=users.c.email.type),
            bindparam("age", type_=users.c.age.type),
            bindparam("created_at", type_=users.c.created_at.type),
            literal(1),
            bindparam("password_hash", type_=users.c.password_hash.type),
            false(),
        ).where(_goes_on),
    )
    .returning(*COLUMNS)
)

# Of users that are made many at a time: which are there already, and all of them in one statement. As text, because SQLAlchemy
# compiles an INSERT of many rows each time anew.
TAKEN_AMONG = select(users.c.username, users.c.email).where(
    or_(
        users.c.username.in_([bindparam(f"username_{number}", type_=String) for number in range(BATCH)]),
        users.c.email.in_([bindparam(f"email_{number}", type_=String) for number in range(BATCH)]),
    )
)


@cache
def create_some(count: int) -> TextClause:
    """The statement that makes so many users, up to a batch of them."""
    rows = (f"(:username_{n}, :email_{n}, :age_{n}, :created_at, 1, false)" for n in range(count))
    return text(f"INSERT INTO users (username, email, age, created_at, version, is_admin) VALUES {', '.join(rows)}")


CHANGE = (
    update(users)
    .where(users.c.id == bindparam("user_id"), _goes_on)
    .values(
        username=bindparam("new_username"),
        email=bindparam("new_email"),
        age=bindparam("new_age"),
        version=users.c.version + 1,
        # Left as it is where no new one is given.
        password_hash=func.coalesce(bindparam("new_password_hash", type_=String), users.c.password_hash),
    )
    .returning(*COLUMNS)
)

REMOVE = delete(users).where(users.c.id == bindparam("user_id"), _goes_on).returning(users.c.id)

FIND_ACCOUNT = select(*ACCOUNT_COLUMNS).where(users.c.username == bindparam("username"))

# Whose session it is, unless it was ended.
ACCOUNT = select(*ACCOUNT_COLUMNS).where(
    users.c.id == bindparam("user_id"),
    ~exists().where(ended_sessions.c.id == bindparam("session_id")),
)

# Each time some of what has expired, the oldest, and more than was added meanwhile: where nobody came for hours it may be very
# much, which would hold up all who write. What somebody else is about to forget, or to count anew, is left alone. PostgreSQL
# plans with the number only where it stands in the text.
FORGOTTEN = 100
FORGET_SESSIONS = delete(ended_sessions).where(
    ended_sessions.c.id.in_(
        select(ended_sessions.c.id)
        .where(ended_sessions.c.expires < bindparam("now"))
        .order_by(ended_sessions.c.expires)
        .limit(literal_column(str(FORGOTTEN)))
        .with_for_update(skip_locked=True)
    )
)

# As text, because SQLAlchemy has ON CONFLICT for each database apart, and both take the same.
END_SESSION = text("INSERT INTO ended_sessions (id, expires) VALUES (:session_id, :expires) ON CONFLICT DO NOTHING")

# Until when nobody may log in under one of these keys.
PAUSED = select(func.max(login_attempts.c.until)).where(
    or_(login_attempts.c.key == bindparam("first"), login_attempts.c.key == bindparam("last"))
)

# Counted before the password is verified: of many attempts at once none goes unseen. Nothing comes back in a pause.
FORGET_ATTEMPTS = delete(login_attempts).where(
    login_attempts.c.key.in_(
        select(login_attempts.c.key)
        .where(login_attempts.c.until < bindparam("before"))
        .order_by(login_attempts.c.until)
        .limit(literal_column(str(FORGOTTEN)))
        .with_for_update(skip_locked=True)
    )
)
COUNT_ATTEMPT = text(
    "INSERT INTO login_attempts (key, count, until) VALUES (:key, 1, :now) "
    "ON CONFLICT (key) DO UPDATE SET count = login_attempts.count + 1, until = :now WHERE login_attempts.until <= :now "
    "RETURNING count"
)
PAUSE = update(login_attempts).where(login_attempts.c.key == bindparam("of")).values(until=bindparam("end"))

# One has succeeded: whoever it was begins anew, and among all others it was no guess.
CLEAR_ATTEMPTS = delete(login_attempts).where(login_attempts.c.key == bindparam("of"))
UNCOUNT_ATTEMPT = (
    update(login_attempts)
    .where(login_attempts.c.key == bindparam("of"), login_attempts.c.count > 0)
    .values(count=login_attempts.c.count - 1)
)

# Two subqueries, because SQLite would read the whole table for both in one.
KEPT_EVENTS = select(
    select(func.min(events.c.id)).scalar_subquery(),
    select(func.max(events.c.id)).scalar_subquery(),
)

EVENTS_AFTER = (
    select(*(events.c[name] for name in Event.__struct_fields__))
    .where(events.c.id > bindparam("last"))
    .order_by(events.c.id)
    .limit(bindparam("count"))
)

SQLITE_VERSION = text("SELECT sqlite_version()")

# How a connection to SQLite is set up; journal_mode is not here because WAL stays in the file, put there at creation.
SQLITE_PRAGMAS = ("PRAGMA synchronous=NORMAL", "PRAGMA busy_timeout=5000", "PRAGMA foreign_keys=ON")
SQLITE_READ_PRAGMAS = (*SQLITE_PRAGMAS, "PRAGMA query_only=ON")

# Plain BEGIN takes the write lock only at the first write: by then a transaction that has read may find that what it read
# has changed (SQLITE_BUSY_SNAPSHOT, which no timeout helps), and without any BEGIN changes are lost silently.
SQLITE_BEGIN = "BEGIN IMMEDIATE"
SQLITE_BEGIN_READING = "BEGIN"

# Of units that are written in one transaction, each can be undone by itself.
SQLITE_SAVEPOINT = "SAVEPOINT unit"
SQLITE_UNDO = "ROLLBACK TO unit"
SQLITE_RELEASE = "RELEASE unit"
