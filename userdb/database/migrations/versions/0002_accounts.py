"""Accounts: passwords, administrators, sessions that were ended, attempts to log in.

Users that are there already have no password, and none of them is an administrator: `python -m userdb.database admin`
makes one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns and the tables."""
    op.add_column("users", sa.Column("password_hash", sa.String(200), nullable=True))
    op.add_column("users", sa.Column("is_admin", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "ended_sessions",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ended_sessions"),
    )
    op.create_table(
        "login_attempts",
        sa.Column("username", sa.String(80).with_variant(sa.String(80, collation="C"), "postgresql"), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("username", name="pk_login_attempts"),
    )


def downgrade() -> None:
    """Remove them, with all passwords."""
    op.drop_table("login_attempts")
    op.drop_table("ended_sessions")
    op.drop_column("users", "is_admin")
    op.drop_column("users", "password_hash")
