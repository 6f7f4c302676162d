"""All SQL, built once and here, executed by the stores. Values come in as parameters only."""

from __future__ import annotations

from sqlalchemy import String, bindparam, delete, exists, func, insert, literal, select, text, update

from userdb.models import User, ended_sessions, login_attempts, users

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

# Within a writing transaction: PostgreSQL locks the row; SQLite, which has locked the file already, ignores the clause.
READ_TO_CHANGE = READ.with_for_update()

CREATE = (
    insert(users)
    .values(
        username=bindparam("username"),
        email=bindparam("email"),
        age=bindparam("age"),
        created_at=bindparam("created_at"),
        version=1,
        password_hash=bindparam("password_hash"),
        is_admin=False,
    )
    .returning(*COLUMNS)
)

CHANGE = (
    update(users)
    .where(users.c.id == bindparam("user_id"))
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

REMOVE = delete(users).where(users.c.id == bindparam("user_id"))

FIND_ACCOUNT = select(*ACCOUNT_COLUMNS).where(users.c.username == bindparam("username"))

# Whose session it is, unless it was ended.
ACCOUNT = select(*ACCOUNT_COLUMNS).where(
    users.c.id == bindparam("user_id"),
    ~exists().where(ended_sessions.c.id == bindparam("session_id")),
)

FORGET_SESSIONS = delete(ended_sessions).where(ended_sessions.c.expires < bindparam("now"))

# As text, because SQLAlchemy has ON CONFLICT for each database apart, and both take the same.
END_SESSION = text("INSERT INTO ended_sessions (id, expires) VALUES (:session_id, :expires) ON CONFLICT DO NOTHING")

# Counted before the password is verified: of many attempts at once none goes unseen.
FORGET_ATTEMPTS = delete(login_attempts).where(login_attempts.c.since < bindparam("before"))
COUNT_ATTEMPT = text(
    "INSERT INTO login_attempts (username, count, since) VALUES (:username, 1, :now) "
    "ON CONFLICT (username) DO UPDATE SET count = login_attempts.count + 1 RETURNING count, since"
)
CLEAR_ATTEMPTS = delete(login_attempts).where(login_attempts.c.username == bindparam("username"))

SQLITE_VERSION = text("SELECT sqlite_version()")

# How a connection to SQLite is set up; journal_mode is not here because WAL stays in the file, put there at creation.
SQLITE_PRAGMAS = ("PRAGMA synchronous=NORMAL", "PRAGMA busy_timeout=5000", "PRAGMA foreign_keys=ON")
SQLITE_READ_PRAGMAS = (*SQLITE_PRAGMAS, "PRAGMA query_only=ON")

# Plain BEGIN takes the write lock only at the first write: by then a transaction that has read may find that what it read
# has changed (SQLITE_BUSY_SNAPSHOT, which no timeout helps), and without any BEGIN changes are lost silently.
SQLITE_BEGIN = "BEGIN IMMEDIATE"
