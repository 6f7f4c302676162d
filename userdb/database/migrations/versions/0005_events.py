"""Events: what was done to users, noted by the database itself in the transaction that does it.

PostgreSQL makes whoever changes users wait for whoever does already, before the first row: so events become visible in the order
of their ids, and nobody who has that lock waits for anybody else. SQLite has one writer at a time anyway.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_SQLITE = """
    CREATE TRIGGER user_{kind} AFTER {change} ON users BEGIN
        INSERT INTO events (kind, user_id, version) VALUES ('{kind}', {row}.id, {row}.version);
        DELETE FROM events WHERE id <= last_insert_rowid() - 10000;
    END"""
_CHANGES = [("created", "INSERT", "NEW"), ("changed", "UPDATE", "NEW"), ("removed", "DELETE", "OLD")]

_POSTGRESQL = [
    """CREATE FUNCTION order_events() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_advisory_xact_lock(hashtext('userdb.events'));
        RETURN NULL;
    END $$""",
    """CREATE FUNCTION note_event() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE
        noted bigint;
    BEGIN
        IF TG_OP = 'INSERT' THEN
            INSERT INTO events (kind, user_id, version) VALUES ('created', NEW.id, NEW.version) RETURNING id INTO noted;
        ELSIF TG_OP = 'UPDATE' THEN
            INSERT INTO events (kind, user_id, version) VALUES ('changed', NEW.id, NEW.version) RETURNING id INTO noted;
        ELSE
            INSERT INTO events (kind, user_id, version) VALUES ('removed', OLD.id, OLD.version) RETURNING id INTO noted;
        END IF;
        IF noted % 1000 = 0 THEN -- not each time: within one transaction it goes through all that it has deleted already
            DELETE FROM events WHERE id <= noted - 10000;
        END IF;
        RETURN NULL;
    END $$""",
    "CREATE TRIGGER order_events BEFORE INSERT OR UPDATE OR DELETE ON users "
    "FOR EACH STATEMENT EXECUTE FUNCTION order_events()",
    "CREATE TRIGGER note_event AFTER INSERT OR UPDATE OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION note_event()",
]


def upgrade() -> None:
    """Make the table, and have the database fill it."""
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        for kind, change, row in _CHANGES:
            op.execute(_SQLITE.format(kind=kind, change=change, row=row))
    else:
        for statement in _POSTGRESQL:
            op.execute(statement)


def downgrade() -> None:
    """Remove both."""
    if op.get_bind().dialect.name == "sqlite":
        for kind, _, _ in _CHANGES:
            op.execute(f"DROP TRIGGER user_{kind}")
    else:
        op.execute("DROP TRIGGER note_event ON users")
        op.execute("DROP TRIGGER order_events ON users")
        op.execute("DROP FUNCTION note_event()")
        op.execute("DROP FUNCTION order_events()")
    op.drop_table("events")
